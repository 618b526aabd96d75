import ArgumentParser
import BlobStore
import CESS
import Drive
import Sealing
import Substrate

/// `cessdrive territory`: the leased space.
struct TerritoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "territory", abstract: "Show, buy, expand and renew the leased space.",
        discussion: """
            All drives of a phrase share one territory. Prices are shown before anything is paid, --max-cost says what may be
            paid at most, and --yes agrees in advance. On the local network, where tokens are for nothing, nobody is asked, and
            a full territory grows by 1 TiB when something is stored.

            Examples:
              cessdrive territory show
              cessdrive territory estimate 100G 90d
              cessdrive territory expand 100G
              cessdrive territory renew 90d --yes --max-cost 5000
            """,
        subcommands: [
            TerritoryShow.self, TerritoryList.self, TerritoryEstimate.self, TerritoryBuy.self, TerritoryExpand.self,
            TerritoryRenew.self, TerritoryReactivate.self,
        ],
        defaultSubcommand: TerritoryShow.self)
}

struct TerritoryShow: DriveCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the leased space.")

    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        guard let lease = try await open.leaseState() else { throw StoreError.territoryMissing }
        try console.show(TerritorySummary(lease: lease))
    }
}

/// How a territory stands.
struct TerritorySummary: Presentable {
    let lease: LeaseState

    var text: String {
        func size(_ bytes: UInt128) -> String { Quantities.text(bytes: Int(clamping: bytes)) }
        let territory = lease.territory
        return """
            state     \(lease.stateName)
            lease     until \(lease.endText)\(lease.daysLeft.map { ", \($0) days" } ?? "")
            space     \(size(territory.totalSpace))
            used      \(size(territory.usedSpace))
            locked    \(size(territory.lockedSpace))
            left      \(size(territory.remainingSpace))
            """
    }

    var json: JSONText { .object(lease.members) }
}

struct TerritoryList: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all territories of the account.",
        discussion: "The one that the drives of the phrase use is marked with '*'. Others are not touched by cessdrive."
    )

    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let best = try await open.chain.bestBlock()
        let territories = try await open.chain.territories(of: open.drive.accountID, at: best.hash)
        let rows = territories.map { name, territory in
            TerritoryRow(
                name: name, isOurs: name == open.keys.territoryName,
                lease: open.leaseState(of: territory, now: best.number))
        }
        if rows.isEmpty { console.note("the account has no territory") }
        try console.show(TerritoryTable(rows))
    }
}

/// A territory of the account.
struct TerritoryRow {
    let name: [UInt8]
    let isOurs: Bool
    let lease: LeaseState
}

/// The drives' territory first, then the others by name.
struct TerritoryTable: Presentable {
    let rows: [TerritoryRow]

    init(_ rows: [TerritoryRow]) {
        self.rows = rows.sorted {
            $0.isOurs != $1.isOurs ? $0.isOurs : $0.name.lexicographicallyPrecedes($1.name)
        }
    }

    var text: String {
        guard !rows.isEmpty else { return "" }
        func size(_ bytes: UInt128) -> String { Quantities.text(bytes: Int(clamping: bytes)) }
        let cells = rows.map { row in
            let territory = row.lease.territory
            return [
                row.isOurs ? "*" : "", row.lease.stateName, row.lease.endText, size(territory.totalSpace),
                size(territory.usedSpace), size(territory.lockedSpace), size(territory.remainingSpace),
                String(decoding: EntryPresentation.shown(row.name, raw: false), as: UTF8.self),
            ]
        }
        let header = ["", "state", "lease ends", "space", "used", "locked", "left", "name"]
        return Self.aligned([header] + cells).joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            (
                "territories",
                .array(
                    rows.map { row in
                        .object(JSONText.name(row.name) + [("ours", .bool(row.isOurs))] + row.lease.members)
                    })
            )
        ])
    }

    /// Lines whose columns begin at the same place.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ") + "  " + (row.last ?? "")
        }
    }
}
