internal import CESS
internal import Database
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Substrate

/// A row that a node has taken whole.
struct PlacedRow: Sendable {
    let row: Int
    let node: AccountID
    /// The best block when it had been sent: what patience with its report counts from.
    let block: UInt32
}

extension StoreDatabase {
    func placedRows(of volume: VolumeID) async throws -> [PlacedRow] {
        let rows = try await database.read {
            try $0.query("SELECT row, node, block FROM placed_row WHERE volume = ?", [.blob(volume.value.bytes)])
        }
        return try rows.map {
            PlacedRow(
                row: try $0.integer(0, as: Int.self), node: try AccountID(scaleBytes: try $0.blob(1)),
                block: try $0.integer(2, as: UInt32.self))
        }
    }

    func setPlaced(_ placed: PlacedRow, of volume: VolumeID) async throws {
        try await database.write {
            try $0.execute(
                """
                INSERT INTO placed_row VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET node = excluded.node, block = excluded.block
                """,
                [
                    .blob(volume.value.bytes), .int(placed.row), .blob(placed.node.scaleBytes),
                    .int(placed.block),
                ])
        }
    }
}
