internal import Primitives
internal import Synchronization

/// What is known of the durability of the log.
struct SyncState {
    /// A sync that has failed once never succeeds again: the kernel forgets the pages that it could not write.
    var failure: CacheError?
}

extension LocalCache {
    /// Whether everything that has returned survives the loss of power.
    public var isSynced: Bool {
        synced.load(ordering: .sequentiallyConsistent) == appended.load(ordering: .sequentiallyConsistent)
    }

    /// Makes everything durable that has returned before; callers that come at once share the work.
    ///
    /// - Throws: `CacheError.unsynced`, now and ever after: what was not durable may be lost. `system`.
    public func sync() throws(CacheError) {
        let wanted = appended.load(ordering: .sequentiallyConsistent)
        try syncing.withLock { state throws(CacheError) in
            if let failure = state.failure { throw failure }
            // Whoever had the lock before has done it for this caller, too.
            if synced.load(ordering: .sequentiallyConsistent) < wanted { try syncLog(&state) }
        }
    }

    /// As `sync`, and every closed segment gets its footer.
    func finish() throws(CacheError) {
        try syncing.withLock { state throws(CacheError) in
            if let failure = state.failure { throw failure }
            try syncLog(&state)
        }
    }

    private func syncLog(_ state: inout SyncState) throws(CacheError) {
        let (count, head, closed, hasNewNames) = log.withLock { log in
            defer { log.hasNewNames = false }
            let count = appended.load(ordering: .sequentiallyConsistent)
            return (count, log.head, log.unsynced.map(\.segment), log.hasNewNames)
        }
        do {
            for segment in closed { try segment.file.sync() }
            try head?.file.sync()
            if hasNewNames { try directory.sync() }
        } catch {
            state.failure = error
            throw error
        }
        synced.store(count, ordering: .sequentiallyConsistent)
        didSync()
        writeFooters(closed)
    }

    /// Writes the footers of closed segments that were synced.
    private func writeFooters(_ synced: [Segment]) {
        if synced.isEmpty { return }
        let ready = log.withLock { log in
            defer { log.unsynced.removeFirst(synced.count) }
            return Array(log.unsynced.prefix(synced.count))
        }
        for (segment, footer) in ready {
            segment.write(footer, noncePrefix: random(XChaCha20Poly1305Stream.noncePrefixByteCount))
        }
    }
}
