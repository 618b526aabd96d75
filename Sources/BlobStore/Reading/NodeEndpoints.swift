internal import Substrate
internal import Synchronization

/// The addresses of nodes as the catalog knows them; an address that does not work is asked for again, now and then.
final class NodeEndpoints: Sendable {
    private static let refreshInterval = Duration.seconds(30)

    private let catalog: any VolumeCatalog
    private let known = Mutex<[AccountID: Known]>([:])

    private struct Known {
        var endpoint: String?
        var isDoubtful = false
        var refreshed: ContinuousClock.Instant?
    }

    init(catalog: any VolumeCatalog) { self.catalog = catalog }

    /// Nil if the node has no address.
    func endpoint(of node: AccountID) async throws -> String? {
        let now = ContinuousClock.now
        let entry = known.withLock { $0[node] }
        if let entry, !entry.isDoubtful { return entry.endpoint }
        if let entry, let refreshed = entry.refreshed, now - refreshed < Self.refreshInterval { return entry.endpoint }
        let found = entry == nil ? try await catalog.endpoint(of: node) : try await catalog.refreshEndpoint(of: node)
        let endpoint = found.flatMap { $0.isEmpty ? nil : $0 }
        known.withLock { known in
            known[node] = Known(endpoint: endpoint, isDoubtful: endpoint == nil, refreshed: entry == nil ? nil : now)
        }
        return endpoint
    }

    /// The address led nowhere.
    func doubt(_ node: AccountID) { known.withLock { $0[node]?.isDoubtful = true } }

    /// The address led to a node.
    func trust(_ node: AccountID) { known.withLock { $0[node]?.isDoubtful = false } }
}
