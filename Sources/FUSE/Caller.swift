internal import Foundation
internal import Glibc

/// Who asks.
public struct Caller: Hashable, Sendable {
    public let user: UInt32
    public let group: UInt32
    /// The thread that asks; 0 where it cannot be seen from here.
    public let process: Int32
    /// Bits that a new file does not get.
    public let umask: UInt32
}

extension Caller {
    /// Whether it has got a signal by which programs are ended, caught or not, and has not seen it yet. Any other one is for later: few
    /// programs expect that a timer or a child makes mkdir(2) or open(2) of a file fail, and on a disk it does not (signal(7)).
    var isToEnd: Bool {
        // One that is not to be seen may be waiting to be killed.
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return true }
        return PendingSignals(status: status).end
    }
}

/// Signals that wait for a thread, as proc(5) tells them: a bit for each.
struct PendingSignals {
    private var pending: UInt64 = 0
    private var blocked: UInt64 = 0

    /// - Parameter status: a thread's `status`.
    init(status: Data) {
        for line in status.split(separator: UInt8(ascii: "\n")) {
            let parts = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            guard parts.count == 2, let signals = UInt64(parts[1], radix: 16) else { continue }
            switch parts[0] {
            case "SigPnd:", "ShdPnd:": pending |= signals
            case "SigBlk:": blocked = signals
            default: break
            }
        }
    }

    /// Whether one of them ends programs: what a terminal or a service manager sends, and SIGKILL, which the kernel makes of each
    /// that nobody catches.
    var end: Bool { pending & ~blocked & Self.ending != 0 }

    private static let ending = [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM].reduce(UInt64(0)) {
        $0 | 1 << UInt64($1 - 1)
    }
}
