import Foundation
import Primitives
import Synchronization
import TestSupport

@testable import LocalCache

/// A cache in a directory of its own, with tiny segments.
struct CacheFixture: Sendable {
    static let key = Secret(copying: [UInt8](repeating: 7, count: 32))

    let directory: String

    /// So many seeds, or as many as `CESSDRIVE_CACHE_SEEDS` says.
    static func seeds(_ count: UInt64) -> Range<UInt64> {
        0..<(ProcessInfo.processInfo.environment["CESSDRIVE_CACHE_SEEDS"].flatMap { UInt64($0) } ?? count)
    }

    /// Memory where there is such a place: tests sync a thousand times.
    static func with<R>(_ body: (CacheFixture) throws -> R) throws -> R {
        let memory = URL(filePath: "/dev/shm")
        let base =
            FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
        let directory = base.appending(path: "cessdrive-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(CacheFixture(directory: directory.appending(path: "cache").path))
    }

    static func limits(_ byteCount: UInt64 = .max, segment: UInt32 = 32_768) -> CacheLimits {
        var limits = CacheLimits(byteCount: byteCount)
        limits.segmentByteCount = segment
        return limits
    }

    func open(
        _ limits: CacheLimits = limits(), key: Secret = key, replay: (RecordChange) -> Void = { _ in }
    ) throws -> LocalCache {
        try LocalCache(directory: directory, key: key, limits: limits, replay: replay)
    }

    /// The cache, and the records that it has.
    func openWithRecords(
        _ limits: CacheLimits = limits(), key: Secret = key
    ) throws -> (LocalCache, [[UInt8]: [UInt8]]) {
        var records: [[UInt8]: [UInt8]] = [:]
        let cache = try open(limits, key: key) { change in
            switch change {
            case .put(let key, let value): records[key] = value
            case .delete(let key): records[key] = nil
            }
        }
        return (cache, records)
    }

    /// A copy of the directory as another process would find it now; files are copied in the order of their names.
    func copy(_ name: String) throws -> CacheFixture {
        let copy = CacheFixture(directory: directory + "-" + name)
        try? FileManager.default.removeItem(atPath: copy.directory)
        try FileManager.default.createDirectory(atPath: copy.directory, withIntermediateDirectories: true)
        for file in try segmentNames() {
            // One that was just cleaned is gone; what had to stay is in those that follow.
            guard let bytes = FileManager.default.contents(atPath: path(file)) else { continue }
            try bytes.write(to: URL(filePath: copy.path(file)))
        }
        return copy
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { directory + "/" + name }

    func segmentNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".log") }.sorted()
    }

    func contents(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path(name)))) }

    func replace(_ name: String, with bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: path(name)))
    }
}

extension LocalCache {
    func write(
        _ bytes: [UInt8], to file: FileNumber, at offset: UInt64 = 0, records: [RecordChange] = []
    ) throws(CacheError) {
        try write(bytes.span, to: file, at: offset, records: records)
    }

    func keep(_ bytes: [UInt8], of file: FileNumber, at offset: UInt64 = 0) throws(CacheError) {
        try keep(bytes.span, of: file, at: offset)
    }

    /// The bytes of a range, and which of them are here.
    func read(_ file: FileNumber, _ range: Range<UInt64>) throws(CacheError) -> (bytes: [UInt8], [Range<UInt64>]) {
        var bytes = [UInt8](repeating: 0xaa, count: range.count)
        var span = bytes.mutableSpan
        let filled = try read(file, range, into: &span)
        return (bytes, filled)
    }

    /// The bytes of a range that is here in full; nil otherwise.
    func whole(_ file: FileNumber, _ range: Range<UInt64>) throws(CacheError) -> [UInt8]? {
        let (bytes, filled) = try read(file, range)
        return filled == [range] ? bytes : nil
    }

    func kinds(_ file: FileNumber, _ range: Range<UInt64>) -> [Kind] {
        extents(of: file, in: range).map { Kind($0.range, $0.kind) }
    }
}

/// A part of a file and what it is.
struct Kind: Equatable {
    let range: Range<UInt64>
    let kind: ExtentKind

    init(_ range: Range<UInt64>, _ kind: ExtentKind) {
        self.range = range
        self.kind = kind
    }
}
