internal import CESS
internal import Database
public import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// A volume of this machine that is not yet released.
public struct SpooledVolume: Sendable {
    public enum State: Int, Sendable {
        /// Takes blobs.
        case open
        /// Closed, and never declared.
        case sealed
        /// A deal was declared for it, or was about to be.
        case declared
    }

    public let id: VolumeID
    /// The order in which volumes were begun.
    let position: Int
    public let state: State
}

struct SpooledSegment: Sendable {
    let number: Int
    /// Up to where blobs lie, table not counted while it is open.
    let used: Int
    let isSealed: Bool
    /// By which the network knows it; nil while they are not known.
    let hashes: VolumeRecord.Segment?
}

struct StagedBlob: Sendable, ScaleCodable {
    let reference: BlobReference
    let kind: BlobKind

    init(reference: BlobReference, kind: BlobKind) {
        self.reference = reference
        self.kind = kind
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        reference = try decoder.decode()
        kind = try decoder.decode()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(reference)
        encoder.encode(kind)
    }
}

extension StoreDatabase {
    public func spooledVolumes() async throws -> [SpooledVolume] {
        let rows = try await database.read {
            try $0.query(
                "SELECT id, position, state FROM spooled_volume WHERE state <> ? ORDER BY position",
                [Self.publishedState])
        }
        return try rows.map { row in
            guard let state = SpooledVolume.State(rawValue: try row.integer(2, as: Int.self)) else {
                throw DatabaseError.unexpectedValue(column: 2, expected: "a volume's state")
            }
            let id = try VolumeID(scaleBytes: try row.blob(0))
            return SpooledVolume(id: id, position: Int(try row.integer(1, as: UInt32.self)), state: state)
        }
    }

    /// A volume's segments in order, none left out.
    func spooledSegments(of volume: VolumeID) async throws -> [SpooledSegment] {
        let rows = try await database.read {
            try $0.query(
                "SELECT number, used, sealed, hashes FROM spooled_segment WHERE volume = ? ORDER BY number",
                [.blob(volume.value.bytes)])
        }
        return try rows.enumerated().map { number, row in
            guard try row.integer(0, as: Int.self) == number, number < SegmentLayout.maximumSegmentsPerVolume else {
                throw DatabaseError.unexpectedValue(column: 0, expected: "the number of the next segment")
            }
            let used = try row.integer(1, as: Int.self)
            guard SegmentLayout.preludeByteCount...SegmentLayout.byteCount ~= used else {
                throw DatabaseError.unexpectedValue(column: 1, expected: "a place in a segment")
            }
            return SpooledSegment(
                number: number, used: used, isSealed: try row.integer(2) != 0,
                hashes: try row.optionalBlob(3).map {
                    try VolumeRecord.Segment(scaleBytes: opened(.hashes, at: Self.place(volume, number), $0))
                })
        }
    }

    static func place(_ volume: VolumeID, _ segment: Int) -> [UInt8] {
        volume.value.bytes + [UInt8(truncatingIfNeeded: segment >> 8), UInt8(truncatingIfNeeded: segment)]
    }

    /// What waits on this disk.
    public func spooledBytes() async throws -> UInt64 {
        try await database.read {
            try $0.row("SELECT coalesce(sum(used), 0) FROM spooled_segment")?.integer(0, as: UInt64.self) ?? 0
        }
    }

    /// The table of a segment that was not sealed yet.
    func stagedEntries(of volume: VolumeID, segment: Int) async throws -> [BlobTable.Entry] {
        let blobs = try await staged(
            "SELECT tag, blob FROM staged_blob WHERE volume = ? AND segment = ?",
            [.blob(volume.value.bytes), .int(segment)])
        return blobs.sorted { $0.reference.pointer.offset < $1.reference.pointer.offset }.map { blob in
            let epochIndex = blob.kind == .commit ? BlobTable.Entry.preludeEpoch : 0
            return BlobTable.Entry(kind: blob.kind, epochIndex: epochIndex, extent: Extent(blob.reference))
        }
    }

    private func staged(_ sql: String, _ arguments: [SQLValue] = []) async throws -> [StagedBlob] {
        try await database.read { connection in
            var blobs: [StagedBlob] = []
            try connection.forEachRow(sql, arguments) { try blobs.append(staged(at: $0.blob(0), $0.blob(1))) }
            return blobs
        }
    }

    /// What `transform` makes of the staged blobs of a volume.
    func stagedBlobs<R: Sendable>(
        of volume: VolumeID, _ transform: @Sendable (StagedBlob) -> R?
    ) async throws -> [R] {
        try await database.read { connection in
            var found: [R] = []
            let rows = "SELECT tag, blob FROM staged_blob WHERE volume = ?"
            try connection.forEachRow(rows, [.blob(volume.value.bytes)]) { row in
                if let value = transform(try staged(at: row.blob(0), row.blob(1))) { found.append(value) }
            }
            return found
        }
    }

    private static let spooledSetting = "spooled"

    /// Whether a volume was ever begun here, released ones counted.
    func hasSpooled() async throws -> Bool { try await setting(Self.spooledSetting) != nil }

    func addVolume(_ volume: VolumeID, position: Int) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO spooled_volume VALUES (?, ?, 0, NULL)",
                [.blob(volume.value.bytes), .int(position)])
            try set(Self.spooledSetting, to: [1], connection)
        }
    }

    /// Remembers a segment that is on the disk, with its blobs.
    ///
    /// - Parameter hashes: of a sealed one.
    func save(
        segment: Int, of volume: VolumeID, used: Int, hashes: VolumeRecord.Segment? = nil, blobs: [StagedBlob]
    ) async throws {
        let sealedHashes = hashes.map { sealed(.hashes, at: Self.place(volume, segment), $0.scaleBytes) }
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO spooled_segment VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
                SET used = excluded.used, sealed = excluded.sealed, hashes = excluded.hashes
                """,
                [
                    .blob(volume.value.bytes), .int(segment), .int(used), .int(hashes == nil ? 0 : 1),
                    sealedHashes ?? .null,
                ])
            for blob in blobs {
                let tag = tag(.blob, blob.reference.id.bytes)
                try connection.execute(
                    // A blob that is copied may be staged in a closed volume, too.
                    "INSERT OR REPLACE INTO staged_blob VALUES (?, ?, ?, ?)",
                    [
                        .blob(tag), .blob(volume.value.bytes), .int(segment),
                        sealed(.blob, at: tag, blob.scaleBytes),
                    ])
            }
        }
    }

    func closeVolume(_ volume: VolumeID) async throws {
        try await database.write { try setState(.sealed, of: volume, $0) }
    }

    func setState(_ state: SpooledVolume.State, of volume: VolumeID, _ connection: Connection) throws {
        try connection.execute(
            "UPDATE spooled_volume SET state = ? WHERE id = ?", [.int(state.rawValue), .blob(volume.value.bytes)])
    }

    func spooledRecord(_ volume: VolumeID) async throws -> VolumeRecord? {
        let id = volume.value.bytes
        let sealed = try await database.read {
            try $0.row("SELECT record FROM spooled_volume WHERE id = ?", [.blob(id)])?.optionalBlob(0)
        }
        return try sealed.flatMap { $0 }.map { try VolumeRecord(scaleBytes: opened(.record, at: id, $0)) }
    }

    func setRecord(_ record: VolumeRecord, of volume: VolumeID) async throws {
        let id = volume.value.bytes
        let record = sealed(.record, at: id, record.scaleBytes)
        try await database.write {
            try $0.execute("UPDATE spooled_volume SET record = ? WHERE id = ?", [record, .blob(id)])
        }
    }

    private static let renamingSetting = "renaming"

    /// Forgets a volume's hashes, and which nodes have taken its rows, and keeps what its first prelude is to become.
    func beginRenaming(_ volume: VolumeID, prelude: [UInt8]) async throws {
        let id = SQLValue.blob(volume.value.bytes)
        try await database.write { connection in
            try connection.execute("DELETE FROM placed_row WHERE volume = ?", [id])
            try connection.execute("UPDATE spooled_segment SET hashes = NULL WHERE volume = ?", [id])
            try connection.execute(
                "UPDATE spooled_volume SET record = NULL, state = ? WHERE id = ?",
                [.int(SpooledVolume.State.sealed.rawValue), id])
            try set(Self.renamingSetting, to: volume.value.bytes + prelude, connection)
        }
    }

    /// The volume whose new prelude may not be written yet, and the prelude.
    func renaming() async throws -> (volume: VolumeID, prelude: [UInt8])? {
        guard let bytes = try await setting(Self.renamingSetting) else { return nil }
        var decoder = ScaleDecoder(bytes)
        return (try decoder.decode(), try decoder.raw(SegmentLayout.preludeByteCount))
    }

    func endRenaming() async throws { try await set(Self.renamingSetting, to: nil) }

    func forgetVolume(_ volume: VolumeID) async throws {
        let id: [SQLValue] = [.blob(volume.value.bytes)]
        try await database.write { connection in
            for table in ["spooled_segment", "staged_blob", "placed_row"] {
                try connection.execute("DELETE FROM \(table) WHERE volume = ?", id)
            }
            try connection.execute("DELETE FROM spooled_volume WHERE id = ?", id)
        }
    }

    // MARK: Publishing

    /// Of a volume that is part of the drive and no longer of the spool; the rows of its blobs are still to be deleted.
    private static let publishedState: SQLValue = 3

    /// Rows that are changed in one transaction where there may be millions: other processes write in between.
    static let batchSize = 2000

    /// Volumes are complete: their blobs are part of the committed index now, and no longer of the spool.
    ///
    /// - Parameters:
    ///   - seen: files that need not be looked into again.
    ///   - next: what the setting `head` becomes, given what it is; nil to leave it.
    func publish(
        _ volumes: [(VolumeID, VolumeRecord)], runs: [[UInt8]], folded: [FoldedVolume], seen: [Bytes32],
        clearing pending: String,
        head: String, next: @Sendable ([UInt8]?) throws -> [UInt8]?
    ) async throws {
        for (id, _) in volumes { try await learnStaged(of: id) }
        try await database.write { connection in
            for (id, record) in volumes {
                try learnVolume(id, record, connection)
                for table in ["spooled_segment", "placed_row"] {
                    try connection.execute("DELETE FROM \(table) WHERE volume = ?", [.blob(id.value.bytes)])
                }
                try connection.execute(
                    "UPDATE spooled_volume SET state = ?, record = NULL WHERE id = ?",
                    [Self.publishedState, .blob(id.value.bytes)])
            }
            for run in runs { try learnRun(run, connection) }
            try learnFolded(folded, connection)
            try addSeenFiles(seen, until: .max, connection)
            if let next = try next(try setting(head, connection)) { try set(head, to: next, connection) }
            try set(pending, to: nil, connection)
        }
    }

    /// Copies what a volume's staged blobs say to the committed index. The staged rows stay until later, and say the same.
    private func learnStaged(of volume: VolumeID) async throws {
        var last: (segment: SQLValue, tag: SQLValue) = (-1, .blob([]))
        while true {
            let after = last
            let rows = try await database.read {
                try $0.query(
                    """
                    SELECT segment, tag, blob FROM staged_blob WHERE volume = ? AND (segment, tag) > (?, ?)
                    ORDER BY segment, tag LIMIT ?
                    """, [.blob(volume.value.bytes), after.segment, after.tag, .int(Self.batchSize)])
            }
            guard let end = rows.last else { return }
            try await learnOwn(
                rows.map { row in
                    let reference = try staged(at: row.blob(1), row.blob(2)).reference
                    return (reference.id, reference.pointer)
                })
            last = (.integer(try end.integer(0)), .blob(try end.blob(1)))
        }
    }

    /// Deletes what is left of volumes that were published, by this process or by one that died then.
    func forgetPublished() async throws {
        let volumes = try await database.read {
            try $0.query("SELECT id FROM spooled_volume WHERE state = ?", [Self.publishedState]).map { try $0.blob(0) }
        }
        for volume in volumes {
            let delete = """
                DELETE FROM staged_blob WHERE tag IN (SELECT tag FROM staged_blob WHERE volume = ? LIMIT ?)
                """
            let rows: [SQLValue] = [.blob(volume), .int(Self.batchSize)]
            while try await database.write({ try $0.execute(delete, rows) }) > 0 {}
            try await database.write { try $0.execute("DELETE FROM spooled_volume WHERE id = ?", [.blob(volume)]) }
        }
    }
}
