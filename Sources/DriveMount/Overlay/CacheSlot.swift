internal import Foundation
internal import LocalCache
internal import Primitives
internal import SystemPackage

/// The cache of one mount. A drive may be mounted several times on one machine, and each mount has a cache of its own; the first
/// one that nobody uses is taken, so that whatever an interrupted mount has left there is carried on, wherever the next one is.
struct CacheSlot: Sendable {
    let cache: LocalCache
    let directory: FilePath
    /// Of others that nobody uses, those that were found without changes.
    private(set) var others: [FilePath] = []
    /// What it remembers, by key.
    let records: [[UInt8]: [UInt8]]

    /// So many mounts of one drive at once.
    private static let limit = 64

    /// Blocks while it reads.
    ///
    /// - Throws: `CacheError`.
    static func open(in directory: FilePath, key: Secret, isReadOnly: Bool, _ options: MountOptions) throws -> CacheSlot
    {
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let limits = CacheLimits(byteCount: options.cacheByteCount, minimumFreeByteCount: options.minimumFreeByteCount)
        var first: CacheSlot?
        var unchanged: [FilePath] = []
        for number in 1...limit {
            // Changes are not left to a mount that may make none.
            let path = directory.appending("\(isReadOnly ? "reading" : "writing")-\(number)")
            let isNew = !FileManager.default.fileExists(atPath: path.string)
            if isNew, first != nil { break }
            var slot: CacheSlot
            do { slot = try CacheSlot(path, key: key, limits) } catch CacheError.inUse { continue }
            // What an interrupted mount has left comes before what is nearer.
            if slot.hasChanges || isNew {
                if let first {
                    unchanged.append(first.directory)
                    try first.cache.close()
                }
                slot.others = unchanged
                return slot
            }
            if first == nil {
                first = slot
            } else {
                unchanged.append(path)
                try slot.cache.close()
            }
        }
        guard var first else { throw CacheError.inUse(directory: directory.string) }
        first.others = unchanged
        return first
    }

    /// Whether something is in it that is in no commit.
    var hasChanges: Bool {
        records.keys.contains { key in
            switch OverlayKey(key) {
            case .inode, .name: true
            case .content, .node, .attempt, nil: false
            }
        }
    }

    private init(_ directory: FilePath, key: Secret, _ limits: CacheLimits) throws {
        self.directory = directory
        var records: [[UInt8]: [UInt8]] = [:]
        cache = try LocalCache(directory: directory.string, key: key, limits: limits) { change in
            switch change {
            case .put(let key, let value): records[key] = value
            case .delete(let key): records[key] = nil
            }
        }
        self.records = records
    }
}
