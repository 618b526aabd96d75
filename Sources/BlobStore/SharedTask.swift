internal import Synchronization

/// Work that any number of tasks wait for. It begins at once, and is cancelled when the last one that waits for it is.
///
/// Whoever waits is let go by its own cancellation, whatever the work does.
final class SharedTask<Success: Sendable>: Sendable {
    /// All that waited for the work were cancelled, and it with them, before this one came: it has to begin anew.
    struct Abandoned: Error {}

    private struct State {
        var result: Result<Success, any Error>?
        var waiters: [Int: CheckedContinuation<Success, any Error>] = [:]
        var names = 0
        var task: Task<Void, Never>?

        mutating func nextName() -> Int {
            names += 1
            return names
        }

        /// - Returns: what has to be cancelled if nobody waits any more.
        mutating func abandon() -> Task<Void, Never>? {
            guard waiters.isEmpty, result == nil else { return nil }
            result = .failure(Abandoned())
            return task.take()
        }
    }

    private let state = Mutex(State())

    init(_ work: @escaping @Sendable () async throws -> Success) {
        // Ends with its work, or is cancelled with the last one that waits for it.
        let task = Task {
            let result: Result<Success, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            self.finish(result)
        }
        state.withLock { $0.task = task }
    }

    /// What the work came to; nil while it goes on.
    var result: Result<Success, any Error>? { state.withLock { $0.result } }

    /// Whether the work was cancelled, since nobody waited for it any more.
    var isAbandoned: Bool {
        if case .failure(is Abandoned)? = result { true } else { false }
    }

    /// - Throws: what the work throws; `CancellationError` if this task is cancelled; `Abandoned`.
    func value() async throws -> Success {
        let name = state.withLock { $0.nextName() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait(as: name, $0) }
        } onCancel: {
            leave(name)
        }
    }

    private func wait(as name: Int, _ waiter: CheckedContinuation<Success, any Error>) {
        let (result, task): (Result<Success, any Error>?, Task<Void, Never>?) = state.withLock { state in
            if let result = state.result { return (result, nil) }
            // Then `leave` may have been here already.
            if Task.isCancelled { return (.failure(CancellationError()), state.abandon()) }
            state.waiters[name] = waiter
            return (nil, nil)
        }
        task?.cancel()
        if let result { waiter.resume(with: result) }
    }

    private func leave(_ name: Int) {
        let (waiter, task) = state.withLock { state in
            let waiter = state.waiters.removeValue(forKey: name)
            return (waiter, waiter == nil ? nil : state.abandon())
        }
        task?.cancel()
        waiter?.resume(throwing: CancellationError())
    }

    private func finish(_ result: Result<Success, any Error>) {
        let waiters = state.withLock { state in
            // An abandoned one has no waiters.
            if state.result == nil { state.result = result }
            state.task = nil
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
