internal import Dispatch

/// Runs an actor on a queue of its own, because SQLite blocks.
final class ChainExecutor: SerialExecutor {
    /// For opening a chain before there is an actor.
    static let opening = DispatchQueue(label: "local chain opening")

    private let queue = DispatchQueue(label: "local chain")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
