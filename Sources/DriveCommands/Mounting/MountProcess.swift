import FUSE
import Foundation
import Glibc
import Primitives
import Sealing
import SystemPackage

/// A process of this program that serves a mount and lives on.
struct MountProcess: Sendable {
    private let point: MountPoint
    private let log: FilePath

    /// - Parameter log: what it says is added there.
    init(_ point: MountPoint, log: FilePath) {
        self.point = point
        self.log = log
    }

    /// Starts it with the arguments of this process, hands it the keys, and waits until the drive is mounted.
    ///
    /// - Throws: `MountCommandError.failed`, `silent`.
    func start(_ keys: DailyKeys) async throws {
        try makePrivateDirectory(log.removingLastComponent())
        let offset = try? FileManager.default.attributesOfItem(atPath: log.string)[.size] as? Int
        let child = try await onThread { try spawn(keys) }
        let isMounted = try await waitFor(.seconds(60)) { () -> Bool? in
            if point.state == .ours { return true }
            var end: Int32 = 0
            guard unsafe waitpid(child, &end, WNOHANG) == child else { return nil }
            let status = end & 0x7F == 0 ? ExitStatus(rawValue: end >> 8 & 0xFF) : nil
            throw MountCommandError.failed(point.path, status, lastLine: complaint(from: offset ?? 0), log: log)
        }
        guard isMounted == nil else { return }
        kill(child, SIGTERM)
        throw MountCommandError.silent(point.path, log: log)
    }

    private func spawn(_ keys: DailyKeys) throws -> pid_t {
        let pipe = try FileDescriptor.pipe()
        defer { try? pipe.readEnd.close() }
        let child: pid_t
        do {
            defer { try? pipe.writeEnd.close() }
            var arguments = CommandLineProgram.arguments
            arguments.insert(contentsOf: ["--foreground", "--keys-from-input"], at: 1)
            child = try DetachedProcess.start(
                DetachedProcess.ownExecutable, arguments, input: pipe.readEnd, log: log)
            // Shorter than what a pipe holds: nobody has to read it meanwhile.
            try keys.write(to: pipe.writeEnd)
        }
        return child
    }

    /// What it said last, without who said it.
    private func complaint(from offset: Int) -> String {
        guard let bytes = FileManager.default.contents(atPath: log.string) else { return "" }
        let lines = String(decoding: bytes.dropFirst(offset), as: UTF8.self).split(separator: "\n")
        guard let line = lines.last(where: { $0.contains("error: ") }) else { return "" }
        let error = line.range(of: "error: ").map { String(line[$0.upperBound...]) } ?? String(line)
        // Why it may not, fusermount3 has said before.
        guard let reason = lines.last(where: { $0.hasPrefix("fusermount3: ") }) else { return error }
        return "\(error): \(reason)"
    }
}

extension DailyKeys {
    /// Hands them to another process of this program.
    fileprivate func write(to descriptor: FileDescriptor) throws {
        var bytes = try record().withBytes { span in span.indices.map { span[$0] } }
        defer { bytes.wipe() }
        try descriptor.writeAll(bytes)
    }

    /// What another process has handed over.
    ///
    /// - Throws: `KeystoreError`.
    init(fromInput descriptor: FileDescriptor) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.maximumByteCount)  // so that no secret is left behind in a smaller array
        var part = [UInt8](repeating: 0, count: 512)
        defer { part.wipe() }
        while bytes.count <= Self.maximumByteCount - part.count {
            let count = try unsafe part.withUnsafeMutableBytes { unsafe try descriptor.read(into: $0) }
            if count == 0 { break }
            bytes += part[..<count]
        }
        try self.init(record: Secret(taking: &bytes))
    }
}
