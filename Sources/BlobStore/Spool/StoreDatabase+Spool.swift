internal import CESS
internal import Database
public import DriveFormat
internal import Primitives
internal import SCALE
public import Sealing

/// A volume of this machine that is not yet released.
public struct SpooledVolume: Sendable {
    public enum State: Int, Sendable {
        /// Takes blobs.
        case open
        /// Closed; not yet declared as far as this machine knows.
        case sealed
        /// A deal was declared for it.
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
}

struct StagedBlob: Sendable {
    let reference: BlobReference
    let kind: BlobKind
}

extension StoreDatabase {
    public func spooledVolumes() async throws -> [SpooledVolume] {
        let rows = try await database.read {
            try $0.query("SELECT id, position, state FROM spooled_volume ORDER BY position")
        }
        return try rows.map { row in
            guard let state = SpooledVolume.State(rawValue: try row.integer(2, as: Int.self)) else {
                throw DatabaseError.unexpectedValue(column: 2, expected: "a volume's state")
            }
            let id = try VolumeID(scaleBytes: try row.blob(0))
            return SpooledVolume(id: id, position: try row.integer(1, as: Int.self), state: state)
        }
    }

    func spooledSegments(of volume: VolumeID) async throws -> [SpooledSegment] {
        let rows = try await database.read {
            try $0.query(
                "SELECT number, used, sealed FROM spooled_segment WHERE volume = ? ORDER BY number",
                [.blob(volume.value.bytes)])
        }
        return try rows.map {
            SpooledSegment(
                number: try $0.integer(0, as: Int.self), used: try $0.integer(1, as: Int.self),
                isSealed: try $0.integer(2) != 0)
        }
    }

    /// What waits on this disk.
    public func spooledBytes() async throws -> UInt64 {
        try await database.read {
            try $0.row("SELECT coalesce(sum(used), 0) FROM spooled_segment")?.integer(0, as: UInt64.self) ?? 0
        }
    }

    /// The table of a segment that was not sealed yet.
    func stagedEntries(of volume: VolumeID, segment: Int) async throws -> [BlobTable.Entry] {
        let rows = try await database.read {
            try $0.query(
                "SELECT id, kind, pointer FROM staged_blob WHERE volume = ? AND segment = ? ORDER BY offset",
                [.blob(volume.value.bytes), .int(segment)])
        }
        return try rows.map { row in
            let blob = try Self.stagedBlob(row)
            let epochIndex = blob.kind == .commit ? BlobTable.Entry.preludeEpoch : 0
            return BlobTable.Entry(kind: blob.kind, epochIndex: epochIndex, extent: Extent(blob.reference))
        }
    }

    func addVolume(_ volume: VolumeID, position: Int) async throws {
        try await database.write {
            try $0.execute(
                "INSERT INTO spooled_volume VALUES (?, ?, 0, NULL)",
                [.blob(volume.value.bytes), .int(position)])
        }
    }

    /// Remembers a segment that is on the disk, with its blobs.
    func save(
        segment: Int, of volume: VolumeID, used: Int, isSealed: Bool, blobs: [StagedBlob]
    ) async throws {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO spooled_segment VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET used = excluded.used, sealed = excluded.sealed
                """,
                [.blob(volume.value.bytes), .int(segment), .int(used), .int(isSealed ? 1 : 0)])
            for blob in blobs {
                let pointer = blob.reference.pointer
                try connection.execute(
                    "INSERT INTO staged_blob VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        .blob(blob.reference.id.bytes), .int(blob.kind.rawValue), .blob(volume.value.bytes),
                        .int(segment), .int(pointer.offset), .blob(pointer.scaleBytes),
                    ])
            }
        }
    }

    func closeVolume(_ volume: VolumeID) async throws { try await setState(.sealed, of: volume) }

    func setState(_ state: SpooledVolume.State, of volume: VolumeID) async throws {
        try await database.write {
            try $0.execute(
                "UPDATE spooled_volume SET state = ? WHERE id = ?",
                [.int(state.rawValue), .blob(volume.value.bytes)])
        }
    }

    func spooledRecord(_ volume: VolumeID) async throws -> VolumeRecord? {
        let bytes = try await database.read {
            try $0.row("SELECT record FROM spooled_volume WHERE id = ?", [.blob(volume.value.bytes)])?.optionalBlob(0)
        }
        return try bytes.flatMap { $0 }.map { try VolumeRecord(scaleBytes: $0) }
    }

    func setRecord(_ record: VolumeRecord, of volume: VolumeID) async throws {
        try await database.write {
            try $0.execute(
                "UPDATE spooled_volume SET record = ? WHERE id = ?",
                [.blob(record.scaleBytes), .blob(volume.value.bytes)])
        }
    }

    /// The staged blobs that the next run of the index has to name, in the order of their ids.
    ///
    /// Nodes of the index and of the set of volumes, and commits, are named by their parents alone.
    public func stagedIndexEntries() async throws -> [(id: BlobID, kind: BlobKind, pointer: Pointer)] {
        let rows = try await database.read {
            try $0.query(
                "SELECT id, kind, pointer FROM staged_blob WHERE kind NOT IN (?, ?, ?) ORDER BY id",
                [
                    .int(BlobKind.indexNode.rawValue), .int(BlobKind.volumeSetNode.rawValue),
                    .int(BlobKind.commit.rawValue),
                ])
        }
        return try rows.map {
            let blob = try Self.stagedBlob($0)
            return (blob.reference.id, blob.kind, blob.reference.pointer)
        }
    }

    func forgetVolume(_ volume: VolumeID) async throws {
        try await database.write { try Self.forgetVolume(volume, $0) }
    }

    private static func forgetVolume(_ volume: VolumeID, _ connection: Connection) throws {
        let id: [SQLValue] = [.blob(volume.value.bytes)]
        for table in ["spooled_segment", "staged_blob", "placed_row"] {
            try connection.execute("DELETE FROM \(table) WHERE volume = ?", id)
        }
        try connection.execute("DELETE FROM spooled_volume WHERE id = ?", id)
    }

    /// Volumes are complete: their blobs are part of the committed index now, and no longer of the spool.
    ///
    /// - Parameters:
    ///   - seen: files that need not be looked into again; `own` is one if `next` has said so.
    ///   - next: what the setting `head` becomes, given what it is; nil to leave it.
    func publish(
        _ volumes: [(VolumeID, VolumeRecord)], runs: [[UInt8]], seen: [Bytes32], own: Bytes32, clearing pending: String,
        head: String, next: @Sendable ([UInt8]?) throws -> [UInt8]?
    ) async throws {
        try await database.write { connection in
            for (id, record) in volumes {
                try connection.execute(
                    "INSERT OR IGNORE INTO known_blob SELECT id, pointer FROM staged_blob WHERE volume = ?",
                    [.blob(id.value.bytes)])
                try Self.learnVolume(id, record, connection)
                try Self.forgetVolume(id, connection)
            }
            for run in runs { try connection.execute("INSERT OR IGNORE INTO known_run VALUES (?)", [.blob(run)]) }
            try Self.addSeenFiles(seen, connection)
            if let next = try next(try Self.setting(head, connection)) {
                try Self.set(head, to: next, connection)
                try Self.addSeenFiles([own], connection)
            }
            try Self.set(pending, to: nil, connection)
        }
    }

    private static func stagedBlob(_ row: Row) throws -> StagedBlob {
        let offset: Int = row.values.count - 1
        guard let kind = BlobKind(rawValue: try row.integer(1, as: UInt8.self)) else {
            throw DatabaseError.unexpectedValue(column: 1, expected: "a blob's kind")
        }
        let reference = BlobReference(
            id: try BlobID(scaleBytes: try row.blob(0)), pointer: try Pointer(scaleBytes: try row.blob(offset)))
        return StagedBlob(reference: reference, kind: kind)
    }
}
