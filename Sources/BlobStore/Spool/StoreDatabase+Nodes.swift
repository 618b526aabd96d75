internal import Database
public import Primitives
internal import SCALE
public import Substrate

extension StoreDatabase {
    /// The nodes of a volume by segment and row, as the chain said last.
    public func nodes(of fid: Bytes32) async throws -> [[AccountID]]? {
        let tag = tag(.placement, fid.bytes)
        let sealed = try await database.read {
            try $0.row("SELECT nodes FROM placement WHERE tag = ?", [.blob(tag)])?.blob(0)
        }
        guard let sealed else { return nil }
        var decoder = ScaleDecoder(try opened(.placement, at: tag, sealed))
        let nodes = try decoder.vector { (decoder) throws(ScaleError) in
            try decoder.vector(of: AccountID.self, limit: 12)
        }
        return nodes.allSatisfy { $0.count == 12 } ? nodes : nil
    }

    public func setNodes(_ nodes: [[AccountID]], of fid: Bytes32) async throws {
        var encoder = ScaleEncoder()
        encoder.vector(nodes) { $0.vector($1) }
        let tag = tag(.placement, fid.bytes)
        let value = sealed(.placement, at: tag, encoder.bytes)
        try await database.write {
            try $0.execute(
                "INSERT INTO placement VALUES (?, ?) ON CONFLICT DO UPDATE SET nodes = excluded.nodes",
                [.blob(tag), value])
        }
    }

    public func endpoint(of node: AccountID) async throws -> String? {
        let tag = tag(.node, node.scaleBytes)
        let sealed = try await database.read {
            try $0.row("SELECT endpoint FROM node WHERE tag = ?", [.blob(tag)])?.blob(0)
        }
        return try sealed.map { String(decoding: try opened(.node, at: tag, $0), as: UTF8.self) }
    }

    public func setEndpoint(_ endpoint: String, of node: AccountID) async throws {
        let tag = tag(.node, node.scaleBytes)
        let value = sealed(.node, at: tag, Array(endpoint.utf8))
        try await database.write {
            try $0.execute(
                "INSERT INTO node VALUES (?, ?) ON CONFLICT DO UPDATE SET endpoint = excluded.endpoint",
                [.blob(tag), value])
        }
    }

    // MARK: Files of the account

    /// The files that have been looked into: volumes of this drive, of others, and what is no volume at all.
    /// With them the setting that keeps the head, as of one moment.
    func headMemory(_ setting: String) async throws -> (head: [UInt8]?, seen: Set<Bytes32>) {
        try await database.read { connection in
            var fids: Set<Bytes32> = []
            try connection.forEachRow("SELECT tag, fid FROM seen_file") { row in
                if let fid = Bytes32(try opened(.file, at: row.blob(0), row.blob(1))) { fids.insert(fid) }
            }
            return (try self.setting(setting, connection), fids)
        }
    }

    /// Remembers a head and which files have been looked into; neither if another process has changed the head since.
    ///
    /// - Parameter head: nil to leave it.
    func rememberHead(
        _ setting: String, _ head: [UInt8]?, ifStill former: [UInt8]?, seen: [Bytes32]
    ) async throws {
        guard head != nil || !seen.isEmpty else { return }
        try await database.write { connection in
            guard try self.setting(setting, connection) == former else { return }
            if let head { try set(setting, to: head, connection) }
            try addSeenFiles(seen, connection)
        }
    }

    func addSeenFiles(_ fids: [Bytes32], _ connection: Connection) throws {
        for fid in fids {
            let tag = tag(.file, fid.bytes)
            try connection.execute(
                "INSERT OR IGNORE INTO seen_file VALUES (?, ?)", [.blob(tag), sealed(.file, at: tag, fid.bytes)])
        }
    }
}
