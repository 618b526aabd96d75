import Dispatch

/// Runs work that blocks on a thread of its own, never one of the two or so that tasks share.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift::Result { try work() }) }
    }
}
