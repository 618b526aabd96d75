import Dispatch
import Glibc
import Synchronization

/// The end of a command because of a signal: the first one cancels it cleanly, a second one ends the process at once.
struct Interruption: Reportable, CustomStringConvertible {
    let signal: Int32

    var description: String { signal == SIGINT ? "interrupted" : "terminated" }
    var hint: String? { "what was done is kept: run the same command again to go on" }
    var exitStatus: ExitStatus { signal == SIGINT ? .interrupted : .terminated }

    /// Runs `work`, cancelling it at the first SIGINT or SIGTERM.
    ///
    /// - Throws: `Interruption` if `work` fails after a signal, whatever its error; else the error of `work`. Work that
    ///   ends well in spite of the signal (a server that was told to stop) has ended well.
    static func guarding(_ work: @escaping @Sendable () async throws -> Void) async throws {
        // Awaited right below.
        let task = Task { try await work() }
        let watch = SignalWatch { task.cancel() }
        defer { watch.end() }
        do {
            try await task.value
        } catch {
            guard let signal = watch.received else { throw error }
            throw Interruption(signal: signal)
        }
    }
}

/// Listens for SIGINT and SIGTERM on a queue of its own. Until the source has taken its signal over, that ends the process
/// as it ends any: ignored meanwhile, it would be lost, and a server that was told to stop would live on.
private final class SignalWatch: @unchecked Sendable {  // its sources are never set again, and thread-safe
    private let first: FirstSignal
    private let sources: [any DispatchSourceSignal]

    var received: Int32? { first.signal }

    init(onFirst cancel: @escaping @Sendable () -> Void) {
        let first = FirstSignal()
        self.first = first
        sources = [SIGINT, SIGTERM].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler {
                switch first.note(number) {
                case .first: cancel()
                case .echo: break
                case .second: _exit(128 + number)
                }
            }
            source.resume()
            return source
        }
    }

    func end() {
        for source in sources { source.cancel() }
    }
}

private final class FirstSignal: Sendable {
    enum Note {
        case first
        /// The same one: `timeout` and others send a signal to a process, and then to its group.
        case echo
        case second
    }

    /// Nobody presses Ctrl-C twice in so short a time and means it.
    private static let echoTime: Duration = .milliseconds(300)

    private let state = Mutex<(number: Int32, at: ContinuousClock.Instant)?>(nil)

    var signal: Int32? { state.withLock { $0?.number } }

    func note(_ signal: Int32) -> Note {
        state.withLock { state in
            guard let first = state else {
                state = (signal, .now)
                return .first
            }
            let isEcho = signal == first.number && first.at.duration(to: .now) < Self.echoTime
            return isEcho ? .echo : .second
        }
    }
}
