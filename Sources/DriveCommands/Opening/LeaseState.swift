import BlobStore
import CESS
import Foundation
import Substrate

/// How the territory stands, in the words and numbers of commands.
struct LeaseState: Sendable {
    let territory: TerritoryInfo
    /// Nil once the lease has ended.
    let daysLeft: UInt32?
    /// When it ends or ended, by the blocks' pace.
    let end: Date

    /// Days before the end from which every command warns, and from which `status` fails.
    static let warningDays: UInt32 = 30
    static let failingDays: UInt32 = 7

    /// - Parameters:
    ///   - now: the best block.
    ///   - dayLength: in blocks.
    init(_ territory: TerritoryInfo, now: BlockNumber, dayLength: UInt32, blockTime: Duration) {
        self.territory = territory
        let blocks = Int64(territory.deadline) - Int64(now)
        daysLeft = blocks > 0 ? UInt32(clamping: blocks / Int64(max(1, dayLength))) : nil
        end = Date().addingTimeInterval(Double(blocks) * (blockTime / .seconds(1)))
    }

    var stateName: String {
        switch territory.state {
        case .active: "active"
        case .frozen: "frozen"
        case .expired: "expired"
        case .onConsignment: "on sale"
        }
    }

    var endText: String { end.formatted(.iso8601.year().month().day()) }

    /// What to say to the user; nil if all is well.
    var warning: String? {
        switch territory.state {
        case .frozen: "the lease ended on \(endText): the drive is frozen; 'cessdrive territory renew 30d' thaws it"
        case .expired: "the lease ended on \(endText), and what was stored is gone from the network"
        case .onConsignment: "the territory is up for sale"
        case .active:
            daysLeft.flatMap {
                $0 < Self.warningDays
                    ? "the lease ends in \($0) days, on \(endText): 'cessdrive territory renew 30d'" : nil
            }
        }
    }

    /// Whether to offer a longer lease before more is stored.
    var isToBeRenewed: Bool {
        switch territory.state {
        case .active: (daysLeft ?? 0) < LeaseRenewal.offeringDays
        case .frozen: true
        case .expired, .onConsignment: false
        }
    }

    var isUrgent: Bool { territory.state != .active || (daysLeft ?? 0) < Self.failingDays }

    var members: [(String, JSONText)] {
        [
            ("state", .string(stateName)),
            ("totalBytes", .digits("\(territory.totalSpace)")),
            ("usedBytes", .digits("\(territory.usedSpace)")),
            ("lockedBytes", .digits("\(territory.lockedSpace)")),
            ("remainingBytes", .digits("\(territory.remainingSpace)")),
            ("leaseEnds", .string(end.formatted(.iso8601))),
            ("daysLeft", daysLeft.map { .integer(Int64($0)) } ?? .null),
        ]
    }
}

extension OpenDrive {
    /// Nil if the account has no territory yet.
    func leaseState() async throws -> LeaseState? {
        guard let territory = try await lease.territory() else { return nil }
        return leaseState(of: territory, now: try await chain.bestBlock().number)
    }

    func leaseState(of territory: TerritoryInfo, now: BlockNumber) -> LeaseState {
        LeaseState(
            territory, now: now, dayLength: chain.constants.dayLength, blockTime: chain.constants.blockTime)
    }

    /// Every command reads the deadline. One that cannot goes on: if the network is away, it will say so itself.
    func warnOfLease(_ console: Console) async {
        guard let warning = try? await leaseState()?.warning else { return }
        console.warn(warning)
    }
}
