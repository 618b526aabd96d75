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
            try $0.query("SELECT row, placed FROM placed_row WHERE volume = ?", [.blob(volume.value.bytes)])
        }
        return try rows.map {
            let row = try $0.integer(0, as: Int.self)
            var decoder = ScaleDecoder(try opened(.row, at: Self.place(volume, row), $0.blob(1)))
            return PlacedRow(row: row, node: try decoder.decode(), block: try decoder.integer())
        }
    }

    func setPlaced(_ placed: PlacedRow, of volume: VolumeID) async throws {
        var encoder = ScaleEncoder()
        encoder.encode(placed.node)
        encoder.integer(placed.block)
        let value = sealed(.row, at: Self.place(volume, placed.row), encoder.bytes)
        try await database.write {
            try $0.execute(
                "INSERT INTO placed_row VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET placed = excluded.placed",
                [.blob(volume.value.bytes), .int(placed.row), value])
        }
    }
}
