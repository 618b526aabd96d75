internal import SCALE
internal import Substrate

/// The state that a block is executed on: the newest one on disk, with the block's changes over it. Layers can be rolled
/// back, as a failed call or batch must be.
///
/// Used on one thread, while the reader below it is valid.
final class BlockState {
    private let reader: StoreReader?
    private var changes: [[UInt8]: [UInt8]?] = [:]
    /// What `changes` had before each write, for rolling back.
    private var journal: [(key: [UInt8], before: [UInt8]??)] = []

    /// - Parameter reader: nil where there is nothing below, as for genesis.
    init(on reader: StoreReader?) { self.reader = reader }

    func bytes(_ key: StorageKey) throws -> [UInt8]? {
        if let change = changes[key.bytes] { return change }
        return try reader?.value(key.bytes)
    }

    func value<T: ScaleDecodable>(_ key: StorageKey, as type: T.Type = T.self) throws -> T? {
        try bytes(key).map { try T(scaleBytes: $0) }
    }

    /// An integer, 0 if it is missing.
    func integer<T: FixedWidthInteger>(_ key: StorageKey, as type: T.Type = T.self) throws -> T {
        guard let bytes = try bytes(key) else { return 0 }
        var decoder = ScaleDecoder(bytes)
        return try decoder.integer()
    }

    func list<T: ScaleDecodable>(_ key: StorageKey, of type: T.Type = T.self) throws -> [T] {
        guard let bytes = try bytes(key) else { return [] }
        var decoder = ScaleDecoder(bytes)
        return try decoder.vector()
    }

    func exists(_ key: StorageKey) throws -> Bool { try bytes(key) != nil }

    func put(_ key: StorageKey, bytes: [UInt8]) { set(key.bytes, bytes) }

    func put(_ key: StorageKey, _ value: some ScaleEncodable) { set(key.bytes, value.scaleBytes) }

    func put(_ key: StorageKey, integer: some FixedWidthInteger) {
        var encoder = ScaleEncoder()
        encoder.integer(integer)
        set(key.bytes, encoder.bytes)
    }

    func put(_ key: StorageKey, list: [some ScaleEncodable]) {
        var encoder = ScaleEncoder()
        encoder.vector(list)
        set(key.bytes, encoder.bytes)
    }

    func remove(_ key: StorageKey) { set(key.bytes, nil) }

    /// All keys that begin with `prefix`.
    func keys(prefix: StorageKey) throws -> [StorageKey] {
        var keys = Set(try reader?.keys(prefix: prefix.bytes) ?? [])
        for (key, value) in changes where key.starts(with: prefix.bytes) {
            if value == nil { keys.remove(key) } else { keys.insert(key) }
        }
        return keys.sorted { $0.lexicographicallyPrecedes($1) }.map(StorageKey.init(bytes:))
    }

    private func set(_ key: [UInt8], _ value: [UInt8]?) {
        journal.append((key, changes.updateValue(value, forKey: key)))
    }

    /// Where a layer begins.
    var mark: Int { journal.count }

    /// Takes back everything since `mark`.
    func rollBack(to mark: Int) {
        while journal.count > mark, let last = journal.popLast() {
            if let before = last.before { changes[last.key] = .some(before) } else { changes[last.key] = nil }
        }
    }

    /// What is different from the state below, in the order of the keys.
    func finish() throws -> [StateChange] {
        try changes.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, new in
            let old = try reader?.value(key)
            return old == new ? nil : StateChange(key: key, old: old, new: new)
        }
    }
}
