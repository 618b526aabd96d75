import ArgumentParser
import BlobStore
import CESS
import Drive
import DriveFormat
import Foundation

/// `cessdrive log`: the history.
struct LogCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List the drive's commits, newest first.",
        discussion: """
            Examples:
              cessdrive log -n 10
              cessdrive ls --at head~2 /
            """)

    @Option(name: .shortAndLong, help: "At most so many.") var number: Int?
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let history = try await open.drive.log(limit: number ?? .max)
        try console.show(CommitList(commits: history.map(\.summary)))
    }
}

/// A commit in a line.
struct CommitSummary: Sendable {
    let id: String
    let sequence: UInt64
    let created: Timestamp
    let device: String
    let message: String
}

extension Snapshot {
    var summary: CommitSummary {
        let name = commit.keyRing.devices.first { DeviceID(signingKey: $0.signingKey) == commit.device }?.name
        return CommitSummary(
            id: id, sequence: commit.sequence, created: commit.created,
            device: name.map { String(decoding: $0, as: UTF8.self) } ?? commit.device.description,
            message: String(decoding: commit.message, as: UTF8.self))
    }
}

private struct CommitList: Presentable {
    let commits: [CommitSummary]

    var text: String {
        commits.map { commit in
            "\(commit.id.prefix(12))  \(commit.sequence)  \(commit.created.date.localText)  \(commit.device)  "
                + commit.message
        }.joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            (
                "commits",
                .array(
                    commits.map {
                        .object([
                            ("id", .string($0.id)), ("sequence", .integer(Int64(clamping: $0.sequence))),
                            ("created", .string($0.created.text)), ("device", .string($0.device)),
                            ("message", .string($0.message)),
                        ])
                    })
            )
        ])
    }
}

/// `cessdrive df`: the space.
struct SpaceCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "df", abstract: "Show the space that is leased, used and left.",
        discussion: "Each 32 MiB of what is stored take 96 MiB: eight of twelve nodes may be lost.")

    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        guard let lease = try await open.leaseState() else { throw StoreError.territoryMissing }
        try console.show(SpaceSummary(lease: lease))
    }
}

private struct SpaceSummary: Presentable {
    let lease: LeaseState

    var text: String {
        func size(_ bytes: UInt128) -> String { Quantities.text(bytes: Int(clamping: bytes)) }
        let territory = lease.territory
        return """
            leased    \(size(territory.totalSpace)) until \(lease.endText) (\(lease.stateName))
            used      \(size(territory.usedSpace))
            on the way  \(size(territory.lockedSpace))
            left      \(size(territory.remainingSpace)), enough for \(size(territory.remainingSpace / 3)) of files
            """
    }

    var json: JSONText { .object(lease.members) }
}
