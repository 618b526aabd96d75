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
        guard let entry else {
            let found = try await catalog.endpoint(of: node).usable
            known.withLock { $0[node] = Known(endpoint: found, isDoubtful: found == nil) }
            return found
        }
        // Without the chain, the address as it was known is the best there is.
        let found = (try? await catalog.refreshEndpoint(of: node).usable) ?? entry.endpoint
        known.withLock { $0[node] = Known(endpoint: found, isDoubtful: found == nil, refreshed: now) }
        return found
    }

    /// The address led nowhere.
    func doubt(_ node: AccountID) { known.withLock { $0[node]?.isDoubtful = true } }

    /// The address led to a node.
    func trust(_ node: AccountID) { known.withLock { $0[node]?.isDoubtful = false } }
}

extension String? {
    fileprivate var usable: String? { self?.isEmpty == true ? nil : self }
}
