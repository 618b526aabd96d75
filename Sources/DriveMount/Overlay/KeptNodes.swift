internal import BlobStore
internal import Sealing
internal import FUSE
internal import LocalCache
internal import Synchronization

/// Nodes of the drive's trees in the cache of a mount: directories that were read before are there without the network, and the next
/// mount has them.
final class KeptNodes: BlobKeeper {
    struct Place: Hashable {
        let file: FileNumber
        let byteCount: UInt32
    }

    private let cache: LocalCache
    private let places: Mutex<[[UInt8]: Place]>

    /// With what earlier mounts have kept.
    init(_ slot: CacheSlot) {
        cache = slot.cache
        var places: [[UInt8]: Place] = [:]
        for (key, value) in slot.records {
            if case .node(let id)? = OverlayKey(key) { places[id] = Place(value) }
        }
        self.places = Mutex(places)
    }

    func blob(_ id: BlobID) async -> [UInt8]? {
        guard let place = places.withLock({ $0[id.bytes] }) else { return nil }
        return try? await MountedDrive.onThread { [cache] in
            var bytes = [UInt8](repeating: 0, count: Int(place.byteCount))
            let range = 0..<UInt64(bytes.count)
            var span = bytes.mutableSpan
            // Evicted, whole or in part, it is fetched again.
            return try range.without(cache.read(place.file, range, into: &span)).isEmpty ? bytes : nil
        }
    }

    /// What was evicted is not remembered.
    func forgetEvicted() throws {
        let there = Set(cache.files)
        let gone = places.withLock { places in
            let gone = places.filter { !there.contains($0.value.file) }.map(\.key)
            for id in gone { places[id] = nil }
            return gone
        }
        if !gone.isEmpty { try cache.apply(gone.map { .record(.delete(key: OverlayKey.node($0).bytes)) }) }
    }

    func keep(_ bytes: [UInt8], as id: BlobID) async {
        guard !bytes.isEmpty, let count = UInt32(exactly: bytes.count) else { return }
        let known = places.withLock { $0[id.bytes] }
        let place = known ?? Place(file: cache.newFile(), byteCount: count)
        // Without it the drive is only slower.
        _ = try? await MountedDrive.onThread { [cache] in
            try cache.keep(bytes.span, of: place.file, at: 0)
            guard known == nil else { return }
            try cache.apply([.record(.put(key: OverlayKey.node(id.bytes).bytes, value: place.bytes))])
        }
        places.withLock { $0[id.bytes] = place }
    }
}

extension KeptNodes.Place {
    var bytes: [UInt8] {
        InodeNumber(rawValue: file.value).littleEndianBytes
            + (0..<4).map { UInt8(truncatingIfNeeded: byteCount >> (8 * $0)) }
    }

    /// Nil for what no version of this writes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 12, let number = InodeNumber(littleEndian: bytes) else { return nil }
        file = FileNumber(number.rawValue)
        byteCount = bytes[8...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        // No node is longer; a record that says so is damaged.
        guard byteCount <= UInt32(Self.byteLimit) else { return nil }
    }

    private static let byteLimit = 4 << 20
}
