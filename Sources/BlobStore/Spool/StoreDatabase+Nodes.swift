internal import Database
public import Primitives
internal import SCALE
public import Substrate

extension StoreDatabase {
    /// The nodes of a volume by segment and row, as the chain said last.
    public func nodes(of fid: Bytes32) async throws -> [[AccountID]]? {
        let bytes = try await database.read {
            try $0.row("SELECT nodes FROM placement WHERE fid = ?", [.blob(fid.bytes)])?.blob(0)
        }
        guard let bytes else { return nil }
        var decoder = ScaleDecoder(bytes)
        let nodes = try decoder.vector { (decoder) throws(ScaleError) in
            try decoder.vector(of: AccountID.self, limit: 12)
        }
        return nodes.allSatisfy { $0.count == 12 } ? nodes : nil
    }

    public func setNodes(_ nodes: [[AccountID]], of fid: Bytes32) async throws {
        var encoder = ScaleEncoder()
        encoder.vector(nodes) { $0.vector($1) }
        let bytes = encoder.bytes
        try await database.write {
            try $0.execute(
                "INSERT INTO placement VALUES (?, ?) ON CONFLICT DO UPDATE SET nodes = excluded.nodes",
                [.blob(fid.bytes), .blob(bytes)])
        }
    }

    public func endpoint(of node: AccountID) async throws -> String? {
        try await database.read {
            try $0.row("SELECT endpoint FROM node WHERE account = ?", [.blob(node.scaleBytes)])?.text(0)
        }
    }

    public func setEndpoint(_ endpoint: String, of node: AccountID) async throws {
        try await database.write {
            try $0.execute(
                "INSERT INTO node VALUES (?, ?) ON CONFLICT DO UPDATE SET endpoint = excluded.endpoint",
                [.blob(node.scaleBytes), .text(endpoint)])
        }
    }

    // MARK: Files of the account

    /// The files that have been looked into: volumes of this drive, of others, and what is no volume at all.
    public func seenFiles() async throws -> Set<Bytes32> {
        try await database.read { connection in
            var fids: Set<Bytes32> = []
            try connection.forEachRow("SELECT fid FROM seen_file") { row in
                if let fid = Bytes32(try row.blob(0)) { fids.insert(fid) }
            }
            return fids
        }
    }

    public func addSeenFiles(_ fids: [Bytes32]) async throws {
        guard !fids.isEmpty else { return }
        try await database.write { connection in
            for fid in fids { try connection.execute("INSERT OR IGNORE INTO seen_file VALUES (?)", [.blob(fid.bytes)]) }
        }
    }
}
