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
    /// With them the setting that keeps the head, as of one moment.
    func headMemory(_ setting: String) async throws -> (head: [UInt8]?, seen: Set<Bytes32>) {
        try await database.read { connection in
            var fids: Set<Bytes32> = []
            try connection.forEachRow("SELECT fid FROM seen_file") { row in
                if let fid = Bytes32(try row.blob(0)) { fids.insert(fid) }
            }
            return (try Self.setting(setting, connection), fids)
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
            guard try Self.setting(setting, connection) == former else { return }
            if let head { try Self.set(setting, to: head, connection) }
            try Self.addSeenFiles(seen, connection)
        }
    }

    static func addSeenFiles(_ fids: [Bytes32], _ connection: Connection) throws {
        for fid in fids { try connection.execute("INSERT OR IGNORE INTO seen_file VALUES (?)", [.blob(fid.bytes)]) }
    }
}
