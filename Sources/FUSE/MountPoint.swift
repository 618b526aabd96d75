internal import CFuse
internal import Foundation
internal import Glibc
public import SystemPackage

/// A directory where something may be mounted.
public struct MountPoint: Hashable, Sendable {
    /// Absolute, without links on the way.
    public let path: FilePath

    public init(_ path: FilePath) { self.path = path }

    /// What the system says is mounted here.
    public enum State: Hashable, Sendable {
        case nothing
        /// A mount of ours, whose process serves it.
        case ours
        /// A mount of ours whose process is gone: all that is asked of it fails with ENOTCONN.
        case abandoned
        case somethingElse
    }

    public var state: State {
        guard let type = Self.mountedTypes()[path.string] else { return .nothing }
        guard type == "fuse.cessdrive" else { return .somethingElse }
        // The kernel knows the attributes by itself for a while; this it has to ask.
        var statistics = statvfs()
        return statvfs(path.string, &statistics) != 0 && errno == ENOTCONN ? .abandoned : .ours
    }

    /// The types of all mounts by their places; of several at one place, the last one's, which is on top.
    private static func mountedTypes() -> [String: String] {
        guard let text = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return [:] }
        var types: [String: String] = [:]
        for line in text.split(separator: "\n") {
            // proc(5): the fields before the separator are many, the fifth is the place; the first behind it is the type.
            let fields = line.split(separator: " ")
            guard fields.count > 4, let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count else {
                continue
            }
            types[unescaped(fields[4])] = String(fields[separator + 1])
        }
        return types
    }

    /// Blanks and the like are written as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "\\"), rest.count > 3,
                let code = UInt8(String(decoding: rest.dropFirst().prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(4)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes off what is mounted here: as root by the system's own call, else by fusermount3, which may. Blocks.
    ///
    /// - Parameter lazily: also where it is in use; then it vanishes from the tree at once, and ends with the last use.
    /// - Throws: `MountError.busy`, `notUnmounted`.
    public func unmount(lazily: Bool = false) throws(MountError) {
        guard geteuid() != 0 else {
            guard umount2(path.string, lazily ? Int32(MNT_DETACH) : 0) != 0 else { return }
            throw errno == EBUSY ? .busy(path) : .notUnmounted(path, String(cString: strerror(errno)))
        }
        let complaints = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["fusermount3", "-u"] + (lazily ? ["-z"] : []) + ["--", path.string]
        process.standardError = complaints
        do { try process.run() } catch { throw .notUnmounted(path, "fusermount3 cannot be run") }
        let text = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return }
        let isBusy = text.contains("busy")
        throw isBusy ? .busy(path) : .notUnmounted(path, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
