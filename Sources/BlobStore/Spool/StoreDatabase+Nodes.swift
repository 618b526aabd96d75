internal import Database
internal import Glibc
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

    /// The files that need not be looked into now, and the setting that keeps the head, as of one moment.
    func headMemory(_ setting: String) async throws -> (head: [UInt8]?, seen: Set<Bytes32>) {
        let now = Self.now
        return try await database.read { connection in
            var fids: Set<Bytes32> = []
            try connection.forEachRow("SELECT tag, fid FROM seen_file WHERE until > ?", [.integer(now)]) { row in
                if let fid = Bytes32(try opened(.file, at: row.blob(0), row.blob(1))) { fids.insert(fid) }
            }
            return (try self.setting(setting, connection), fids)
        }
    }

    /// Remembers a head and which files have been looked into; neither if another process has changed the head since.
    ///
    /// - Parameters:
    ///   - head: nil to leave it.
    ///   - settled: volumes of the drive, by what verified commits say.
    ///   - other: what is none of the drive's, as the chain's servers say: they are asked again before long.
    func rememberHead(
        _ setting: String, _ head: [UInt8]?, ifStill former: [UInt8]?, settled: Set<Bytes32>, other: Set<Bytes32>
    ) async throws {
        guard head != nil || !settled.isEmpty || !other.isEmpty else { return }
        try await database.write { connection in
            guard try self.setting(setting, connection) == former else { return }
            if let head { try set(setting, to: head, connection) }
            try addSeenFiles(other, until: Self.now + Self.secondLook, connection)
            try addSeenFiles(settled, until: .max, connection)
        }
    }

    /// A server that hides a commit by a lie about its file hides it for so many seconds from a machine that has honest
    /// ones, too; and so often the files of other drives are looked into.
    private static let secondLook: Int64 = 600

    private static var now: Int64 { Int64(time(nil)) }

    func addSeenFiles(_ fids: some Sequence<Bytes32>, until: Int64, _ connection: Connection) throws {
        for fid in fids {
            let tag = tag(.file, fid.bytes)
            try connection.execute(
                "INSERT INTO seen_file VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
                [.blob(tag), sealed(.file, at: tag, fid.bytes), .integer(until)])
        }
    }
}
