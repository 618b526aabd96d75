import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Runs work that blocks on a thread of its own, never one of the two or so that tasks share.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift::Result { try work() }) }
    }
}

/// As above, for work that may wait for long: it looks at the mark, which says that its task was cancelled.
func onThread<Result: Sendable>(
    untilCancelled work: @escaping @Sendable (CancelMark) throws -> Result
) async throws -> Result {
    let cancelled = CancelMark()
    return try await withTaskCancellationHandler {
        try await onThread { try work(cancelled) }
    } onCancel: {
        cancelled.raise()
    }
}

/// A mark that one thread raises and another looks at.
final class CancelMark: Sendable {
    private let state = Atomic(false)
    var isRaised: Bool { state.load(ordering: .relaxed) }
    func raise() { state.store(true, ordering: .relaxed) }
}

extension FileDescriptor {
    /// Waits until there is something to read, or the end: in slices, so that a first Ctrl-C ends the wait.
    ///
    /// - Throws: `CancellationError` once the mark is raised.
    func waitForInput(unless cancelled: CancelMark) throws {
        while true {
            if cancelled.isRaised { throw CancellationError() }
            var waiting = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&waiting, 1, 100) > 0 { return }
        }
    }

    /// Reads up to a line break and not a byte further: what follows is for others who have this descriptor.
    ///
    /// - Returns: the line without its break; at most `limit` bytes of it.
    func readLine(limit: Int, unless cancelled: CancelMark) throws -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(limit)  // so that no secret is left behind in a smaller array
        var byte: [UInt8] = [0]
        while line.count < limit {
            try waitForInput(unless: cancelled)
            let count = try unsafe byte.withUnsafeMutableBytes { try unsafe read(into: $0) }
            if count == 0 || byte[0] == UInt8(ascii: "\n") { break }
            line.append(byte[0])
        }
        return line
    }
}
