import ArgumentParser
import BlobStore
import CESS
import Drive
import DriveMount
import Foundation
import SystemPackage

/// `cessdrive status`: what is on its way, and what has to be done.
struct StatusCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is on its way, and how long the lease lasts.",
        discussion: """
            With what was changed in mounts and is not in the drive yet, and what a day of such a mount takes of the territory;
            and with the caches of mounts that were cut off and may have changes that no other mount has carried on yet.
            Ends with 7 if the lease ends within 7 days, or has ended.
            """)

    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let status = try await open.drive.status()
        let lease = try await open.leaseState()
        let name = open.drive.home.name
        let mounts = try await MountClient.reports(open.configuration.paths).filter {
            $0.report?.home == name
        }
        let unfinished = try await UnfinishedMount.all(of: open.drive)
        try console.show(
            StatusSummary(home: open.drive.home, status: status, lease: lease, mounts: mounts, unfinished: unfinished))
        if let lease, lease.isUrgent { throw ExitCode(ExitStatus.outOfSpace.rawValue) }
    }
}

private struct StatusSummary: Presentable {
    let home: DriveHome
    let status: DriveStatus
    let lease: LeaseState?
    let mounts: [MountStatusAnswer]
    let unfinished: [UnfinishedMount]

    var text: String {
        var lines = ["drive      \(home.name)"]
        lines.append("commit     \(status.knownSequence.map(String.init) ?? "none yet")")
        if let stage = status.stage {
            lines.append(
                "on its way \(stage), \(status.reportedRows)/\(status.wantedRows) rows reported, "
                    + "\(Quantities.text(bytes: Int(clamping: status.spooledBytes))) in the spool; 'cessdrive flush' or the next change carries it on"
            )
        } else if status.spooledBytes > 0 {
            let waiting = Quantities.text(bytes: Int(clamping: status.spooledBytes))
            lines.append(
                "on its way nothing; \(waiting) of a change that was interrupted are in the spool for the next one")
        } else {
            lines.append("on its way nothing")
        }
        if let lease {
            lines.append("left       \(Quantities.text(bytes: Int(clamping: lease.territory.remainingSpace)))")
            lines.append("lease      until \(lease.endText) (\(lease.stateName))")
        } else {
            lines.append("lease      none")
        }
        for mount in mounts { lines += mount.lines }
        for mount in unfinished { lines.append(mount.line(home)) }
        return lines.joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            ("drive", .string(home.name)),
            ("sequence", status.knownSequence.map { .integer(Int64(clamping: $0)) } ?? .null),
            ("pendingCommit", status.pendingCommit.map(JSONText.string) ?? .null),
            ("stage", status.stage.map { .string($0.description) } ?? .null),
            ("reportedRows", .integer(Int64(status.reportedRows))),
            ("wantedRows", .integer(Int64(status.wantedRows))),
            ("spooledBytes", .integer(Int64(clamping: status.spooledBytes))),
            ("territory", lease.map { .object($0.members) } ?? .null),
            ("mounts", .array(mounts.compactMap(\.json))),
            (
                "unfinishedMounts",
                .array(
                    unfinished.map {
                        .object([("cache", .string($0.cache.string)), ("isThere", .bool($0.isThere))])
                    })
            ),
        ])
    }
}

extension MountStatusAnswer {
    /// So many changes are named.
    private static let limit = 20

    fileprivate var lines: [String] {
        guard let report else { return [] }
        var lines = ["mount      \(report.mountPoint)\(report.isReadOnly ? ", read-only" : "")"]
        if report.isReadOnly { return lines }
        let dirty = Quantities.text(bytes: Int(clamping: report.dirtyByteCount))
        lines.append("  changed  \(report.changeCount) names, \(dirty) not in the drive")
        lines += changes.prefix(Self.limit).map { "           \($0.line)" }
        if report.changeCount > Self.limit { lines.append("           and \(report.changeCount - Self.limit) more") }
        if report.isEnding {
            lines.append("  unmounted, and the last commit is on its way")
        } else if let seconds = report.secondsUntilCommit, report.changeCount > 0 {
            lines.append("  commits  in \(Quantities.text(.seconds(seconds)))")
        }
        if let failure = report.failure { lines.append("  failed   \(failure)") }
        lines.append(
            "  a day    \(Quantities.text(bytes: Int(clamping: report.dailyByteCount))) of the territory\(since)")
        return lines
    }

    private var since: String {
        guard let report, report.uptimeSeconds < 86_400 else { return "" }
        return ", by what it took in \(Quantities.text(.seconds(report.uptimeSeconds)))"
    }

    fileprivate var json: JSONText? {
        guard let report else { return nil }
        return .object([
            ("mountPoint", .string(report.mountPoint)), ("process", .integer(Int64(report.process))),
            ("readOnly", .bool(report.isReadOnly)), ("ending", .bool(report.isEnding)),
            ("changeCount", .integer(Int64(report.changeCount))),
            ("changes", .array(changes.map(\.json))),
            ("dirtyBytes", .integer(Int64(clamping: report.dirtyByteCount))),
            ("cacheBytes", .integer(Int64(clamping: report.cacheByteCount))),
            ("commits", .integer(Int64(report.commitCount))),
            ("lastCommit", report.lastCommit.map(JSONText.string) ?? .null),
            ("failure", report.failure.map(JSONText.string) ?? .null),
            ("secondsUntilCommit", report.secondsUntilCommit.map(JSONText.integer) ?? .null),
            ("takenBytes", .integer(Int64(clamping: report.takenByteCount))),
            ("uptimeSeconds", .integer(report.uptimeSeconds)),
            ("bytesPerDay", .integer(Int64(clamping: report.dailyByteCount))),
        ])
    }
}

extension UnfinishedMount {
    fileprivate func line(_ home: DriveHome) -> String {
        let caches = cache.removingLastComponent()
        let option = caches == home.mounts ? "" : " --cache-dir \(caches.removingLastComponent())"
        let state = isThere ? "may have changes" : "is not to be found"
        return "cut off    a mount whose cache \(cache) \(state); the next 'cessdrive mount\(option)' goes on with it"
    }
}

extension MountReport {
    /// What a day takes of the territory, where it goes on as it has: of a young mount as if it had taken an hour for that.
    fileprivate var dailyByteCount: UInt64 {
        let seconds = max(3600, uptimeSeconds)
        let (product, isTooMuch) = takenByteCount.multipliedReportingOverflow(by: 86_400)
        return isTooMuch ? takenByteCount : max(takenByteCount, product / UInt64(seconds))
    }
}
