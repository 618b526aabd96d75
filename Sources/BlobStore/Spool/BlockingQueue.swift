internal import Dispatch

/// Runs blocking calls (files, locks, syncs) one after another on a thread of their own, never on the cooperative pool.
public final class BlockingQueue: Sendable {
    private let queue: DispatchQueue

    public init(_ label: String) { queue = DispatchQueue(label: "cessdrive.\(label)") }

    /// Runs `body` after what was handed over before it. It is not interrupted by cancellation.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
