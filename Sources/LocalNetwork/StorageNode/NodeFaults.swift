internal import Glibc

/// How a storage node misbehaves, for tests and drills.
public enum NodeFault: String, CaseIterable, Sendable {
    /// Every request waits half a second, then moves a megabyte a second.
    case slow
    /// Fragments are neither taken nor given: HTTP 403.
    case refusing
    /// Requests are taken and never answered.
    case dead
    /// Some bytes of what is given are wrong.
    case corrupting
    /// Ranges have the right length and the wrong place.
    case lyingAboutRanges = "lying-about-ranges"
    /// Fragments are taken and never reported.
    case neverReporting = "never-reporting"
    /// JSON with HTTP status 200 where a fragment should be.
    case jsonInsteadOfData = "json-instead-of-data"
}

/// A node's faults, in the file `faults` of its directory: names between white space. They hold from the next request on.
public struct NodeFaults: Sendable {
    private let path: String

    public init(nodeDirectory: String) { path = nodeDirectory + "/faults" }

    /// The faults now; names that are none are passed over.
    public var current: Set<NodeFault> {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }  // the usual case: no file, no faults
        defer { close(descriptor) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            unsafe count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return Set(names.compactMap { NodeFault(rawValue: String($0)) })
    }

    /// Replaces the faults; none takes the file away.
    public func set(_ faults: Set<NodeFault>) throws {
        guard !faults.isEmpty else {
            guard unsafe unlink(path) == 0 || errno == ENOENT else { throw NodeStoreError("remove", path) }
            return
        }
        let text = Array((faults.map(\.rawValue).sorted().joined(separator: "\n") + "\n").utf8)
        let descriptor = unsafe open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NodeStoreError("create", path) }
        defer { close(descriptor) }
        guard unsafe write(descriptor, text, text.count) == text.count,
            unsafe rename(path + ".new", path) == 0
        else { throw NodeStoreError("write", path) }
    }
}
