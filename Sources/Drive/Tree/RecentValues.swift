internal import DriveFormat
internal import Synchronization

/// Looks up keys of maps that are asked for in no order, as link groups are in the order of names: what stands beside a key that
/// was looked up is remembered, since to check a node costs a hundred times as much as to find a key in it.
///
/// Memory: about twice `byteLimit`, in plain.
final class RecentValues: Sendable {
    private struct Key: Hashable {
        let root: [UInt8]
        let key: [UInt8]
    }

    /// What was looked up lately, and what was before that: the older half goes when the younger is full.
    private struct State {
        var young: [Key: [UInt8]] = [:]
        var old: [Key: [UInt8]] = [:]
        var youngByteCount = 0

        mutating func insert(_ value: [UInt8], for key: Key, limit: Int) {
            guard young.updateValue(value, forKey: key) == nil else { return }
            youngByteCount += key.key.count + value.count
            guard youngByteCount > limit else { return }
            (old, young, youngByteCount) = (young, [:], 0)
        }
    }

    private let tree: ProllyTree
    private let byteLimit: Int
    private let state = Mutex(State())

    init(_ tree: ProllyTree, byteLimit: Int = 4 << 20) {
        self.tree = tree
        self.byteLimit = byteLimit
    }

    /// - Throws: what loading nodes throws.
    func value(of key: [UInt8], in root: TreeRoot) async throws -> [UInt8]? {
        let wanted = Key(root: root.reference, key: key)
        let known = state.withLock { state in
            guard let value = state.young[wanted] ?? state.old[wanted] else { return [UInt8]?.none }
            state.insert(value, for: wanted, limit: byteLimit)
            return value
        }
        if let known { return known }
        let leaf = try await tree.leaf(at: key, in: root)
        state.withLock { state in
            for entry in leaf {
                state.insert(entry.value, for: Key(root: root.reference, key: entry.key), limit: byteLimit)
            }
        }
        return leaf.first { $0.key == key }?.value
    }
}
