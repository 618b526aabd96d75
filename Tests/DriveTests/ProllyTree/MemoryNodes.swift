import DriveFormat
import Primitives
import SCALE
import Synchronization

/// Nodes in memory, named by their hash: equal trees have equal roots.
final class MemoryNodes: ProllyNodes {
    struct Missing: Error {}

    private struct State {
        var nodes: [[UInt8]: [UInt8]] = [:]
        var loaded = 0
        var stored = 0
    }

    private let state = Mutex(State())
    /// Whether equal nodes get different names, as a store of pointers gives them.
    private let isNumbering: Bool

    init(numbering: Bool = false) { isNumbering = numbering }

    func load(_ reference: [UInt8]) async throws -> [UInt8] {
        try state.withLock {
            $0.loaded += 1
            guard let node = $0.nodes[reference] else { throw Missing() }
            return node
        }
    }

    func store(_ node: [UInt8], level: UInt8) async throws -> [UInt8] {
        state.withLock {
            $0.stored += 1
            let number = withUnsafeBytes(of: $0.stored) { Array($0) }
            let reference = SHA256.hash(isNumbering ? number : node).bytes
            $0.nodes[reference] = node
            return reference
        }
    }

    var loadedCount: Int { state.withLock { $0.loaded } }
    var storedCount: Int { state.withLock { $0.stored } }
    var all: [[UInt8]: [UInt8]] { state.withLock { $0.nodes } }

    /// Puts other bytes under a name.
    func damage(_ reference: [UInt8], _ node: [UInt8]) { state.withLock { $0.nodes[reference] = node } }
}

extension ProllyKind {
    static let testKey = Secret(copying: [UInt8](repeating: 7, count: 32))

    /// Small nodes, so that a few hundred entries make a deep tree, and borders of all sorts.
    static func small(_ order: Order = .map) -> ProllyKind {
        ProllyKind(order, borderKey: testKey, shape: Shape(minimum: 200, mean: 400, maximum: 900), weight: weight)
    }

    static func standard(_ order: Order = .map) -> ProllyKind {
        ProllyKind(order, borderKey: testKey, weight: weight)
    }

    private static func weight(_ key: [UInt8], _ value: [UInt8]) -> UInt64? { UInt64(value.count) }
}

extension ProllyTree {
    func array(of root: TreeRoot, from key: [UInt8]? = nil) async throws -> [ProllyEntry] {
        try await entries(of: root, from: key).reduce(into: []) { $0.append($1) }
    }
}
