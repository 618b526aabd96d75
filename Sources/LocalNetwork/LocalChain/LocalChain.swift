internal import Database
internal import Dispatch
internal import Glibc
public import Logging
public import Primitives

/// A chain of one author that speaks Substrate's JSON-RPC and behaves like CESS where files and territories are concerned
/// (Docs/Protocol/LocalNetwork.md).
public enum LocalChain {
    /// Serves and authors until the task is cancelled.
    ///
    /// - Parameter ready: called once with the bound port and the genesis hash, when requests are answered.
    /// - Throws: `HTTPServerError.cannotListen`; `DatabaseError` if the directory or the chain's file is unusable.
    public static func run(
        _ configuration: LocalChainConfiguration,
        logger: Logger = Logger(label: "chain") { _ in SwiftLogNoOpLogHandler() },
        ready: @escaping @Sendable (_ port: Int, _ genesis: Bytes32) -> Void = { _, _ in }
    ) async throws {
        let chain = try await open(configuration)
        if chain.parameters != configuration.parameters || chain.finalityLag != configuration.finalityLag {
            logger.warning("the chain keeps the timing that it began with")
        }
        let blockTime = Duration.milliseconds(chain.parameters.blockTime)
        try await chain.restorePool()
        let genesis = chain.genesis
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await RPCServer(chain: chain).run(configuration) { ready($0, genesis) }
                }
                group.addTask { try await author(chain, every: blockTime, logger) }
                defer { group.cancelAll() }
                try await group.next()
            }
            result = .success(())
        } catch { result = .failure(error) }
        try await chain.close()
        if !Task.isCancelled { try result.get() }
    }

    /// Opening blocks, so it does not happen on the cooperative pool.
    private static func open(_ configuration: LocalChainConfiguration) async throws -> Chain {
        try await withCheckedThrowingContinuation { continuation in
            ChainExecutor.opening.async { continuation.resume(with: Result { try Chain(configuration) }) }
        }
    }

    /// Makes a block each `interval`, as long as the disk takes them.
    private static func author(_ chain: Chain, every interval: Duration, _ logger: Logger) async throws {
        let clock = ContinuousClock()
        var next = clock.now
        while !Task.isCancelled {
            // After a pause (a suspended machine) it goes on from now, without making up for what was missed.
            next = max(next.advanced(by: interval), clock.now)
            do { try await clock.sleep(until: next) } catch { return }
            do { try await chain.author(now: milliseconds()) } catch DatabaseError.full {
                logger.error("no block: the disk is full")
            } catch DatabaseError.inputOutput(let detail) {
                // A quota that is used up, too, and a disk that is away for a while.
                logger.error("no block: the disk does not take it", metadata: ["error": "\(detail)"])
            } catch DatabaseError.busy {
                logger.error("no block: the database is locked by another process")
            }
        }
    }

    private static func milliseconds() -> UInt64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
    }
}
