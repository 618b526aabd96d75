public import BlobStore
internal import CLinux
internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import Logging
internal import Primitives
internal import Synchronization

/// Somebody who waits for what was changed until now.
final class FlushWish: Sendable {
    let stage: Stage
    private let continuation: Mutex<CheckedContinuation<String?, any Error>?>

    init(_ stage: Stage, _ continuation: CheckedContinuation<String?, any Error>) {
        self.stage = stage
        self.continuation = Mutex(continuation)
    }

    /// Told once; what comes later is not heard.
    func fulfil(_ result: Result<String?, any Error>) {
        let continuation = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(with: result)
    }
}

/// What committing has come to.
struct CommittingState {
    var wishes: [FlushWish] = []
    /// The last one.
    var last: (commit: String, time: Timestamp)?
    var count = 0
    /// Why the last attempt has failed; nil where it has not.
    var failure: String?
    /// What it has left out, where it has made all the rest.
    var unread: UnreadChanges?
    /// What was sent for this mount's commits, in bytes of fragments: so much of the territory they take.
    var takenByteCount: UInt64 = 0
    var next: ContinuousClock.Instant?
    /// Whether the territory was to grow, and did not.
    var hasNoMoreRoom = false
    /// A commit that was made, and that could not be looked up yet.
    var unsettled: (tree: FrozenTree, root: Entry?)?
    /// Cuts the ending short; set while it ends.
    var abandon: (@Sendable () -> Void)?
    var hasEnded = false
}

extension Mount {
    /// Between two commits that are made because much was changed, also where the first has failed.
    private static let commitPause: Duration = .seconds(10)

    /// Commits what was changed when its time has come or somebody waits for it, and takes over what other machines commit: one
    /// after the other.
    func follow() async {
        let clock = ContinuousClock()
        var (committed, polled) = (clock.now, clock.now)
        try? await lookAtSpace()
        for await _ in bell.stream {
            let waited = clock.now - committed
            let unread = committing.withLock { $0.unread?.byteCount ?? 0 }
            let isMuch = mounted.cache.dirtyByteCount >= options.commitByteCount &+ unread && waited >= Self.commitPause
            if isMuch || waited >= options.commitInterval || committing.withLock({ !$0.wishes.isEmpty }) {
                _ = await commit(complaining: "the commit could not be made")
                try? await lookAtSpace()
                // A mount lives for months, and commits for seconds.
                cessdrive_give_back_freed_memory()
                (committed, polled) = (clock.now, clock.now)
                committing.withLock { [next = committed + options.commitInterval] in $0.next = next }
            } else if clock.now - polled >= options.pollInterval {
                await poll()
                polled = clock.now
            }
        }
    }

    private func poll() async {
        do {
            try await settle()
            await forget(try await mounted.adopt(try await reader.head()))
            try await lookAtSpace()
        } catch {
            logger.warning("the head could not be looked up", metadata: ["error": "\(loggable(error))"])
        }
    }

    /// What does not fit into the territory could not be committed: writers are told.
    private func lookAtSpace() async throws {
        let space = try await drive.space()
        mounted.with { $0.space = space }
        let (isFull, isUnderWay) = committing.withLock {
            ($0.hasNoMoreRoom, $0.unsettled != nil || $0.failure != nil && $0.failure != $0.unread?.description)
        }
        // What a commit has declared is not free any more, and is still among what is not stored.
        guard isFull || !isUnderWay else { return }
        let mayGrow = options.growsTerritory && !isFull
        mounted.cache.limitDirty(to: mayGrow ? .max : space?.leftByteCount ?? .max)
    }

    /// Commits all that was changed until now, and returns when that has come as far as `stage`. The commit itself goes on until
    /// it is complete.
    ///
    /// - Returns: the commit; nil where nothing was changed.
    /// - Throws: what committing throws; `CancellationError` where the mount came to its end meanwhile.
    public func flush(_ stage: Stage) async throws -> String? {
        try await withCheckedThrowingContinuation { continuation in
            let wish = FlushWish(stage, continuation)
            let isHeard = committing.withLock { state in
                guard !state.hasEnded else { return false }
                state.wishes.append(wish)
                return true
            }
            guard isHeard else { return wish.fulfil(.failure(CancellationError())) }
            bell.continuation.yield()
        }
    }

    /// Commits all that was changed until now, for whoever waits for it.
    ///
    /// - Returns: whether all of it is in the drive.
    func commit(complaining complaint: String) async -> Bool {
        let wishes = committing.withLock { state in
            defer { state.wishes = [] }
            return state.wishes
        }
        let result: Result<String?, any Error>
        do { result = .success(try await commit(for: wishes)) } catch {
            logger.warning("\(complaint)", metadata: ["error": "\(loggable(error))"])
            result = .failure(error)
        }
        mounted.with { $0.committing = nil }
        committing.withLock { state in
            var made: String?
            switch result {
            case .success(let commit): (state.failure, state.unread, made) = (nil, nil, commit)
            case .failure(let error):
                state.failure = loggable(error)
                guard let unread = error as? UnreadChanges else { return }
                (state.unread, made) = (unread, unread.commit)
            }
            state.hasNoMoreRoom = false
            guard let made else { return }
            state.last = (made, .now)
            state.count += 1
        }
        for wish in wishes { wish.fulfil(result) }
        guard case .success = result else { return false }
        return true
    }

    private func commit(for wishes: [FlushWish]) async throws -> String? {
        guard !self.options.isReadOnly else { return nil }
        try await settle()
        var options = changing
        options.stage = .complete
        options.message = "mount"
        let expand = options.expand
        options.expand = { missing in
            self.committing.withLock { $0.hasNoMoreRoom = true }
            let hasGrown = try await expand(missing)
            self.committing.withLock { $0.hasNoMoreRoom = !hasGrown }
            return hasGrown
        }
        // What an earlier attempt has left undone is the drive's first. This one stands on it, and also on one that came to its end
        // although it was said to have failed: of another state it would take its own work for somebody else's.
        _ = try await drive.finish(options, makingWay: true)
        let last = mounted.with(\.attempt)
        let isIn = if let last { try await drive.isInDrive(last) } else { false }
        await forget(try await mounted.adopt(try await reader.head(), withLastAttempt: isIn))
        guard let tree = mounted.freeze() else { return nil }
        mounted.with { $0.committing = UnderWay(revision: tree.revision) }
        let made = Mutex<Entry?>(nil)
        let isWhole = Mutex<Bool?>(nil)
        options.observer = { [observer = options.observer] event in
            // A stage that comes before that is one of what other commands have left undone. Of what is left out there is none.
            let isOthers = if case .reached = event { isWhole.withLock { $0 != true } } else { false }
            if !isOthers { self.note(event, for: wishes) }
            observer(event)
        }
        let attempt = Attempt(source: last?.source ?? .random())
        options.attempt = attempt
        let (mounted, snapshot) = (mounted, mounted.liveView.snapshot)
        let result = try await drive.commit(options) { staging in
            let change = try await CommitMaking(staging: staging, tree: tree, snapshot: snapshot).change()
            try await mounted.remember(tree, made: attempt)
            // Without what was kept for others' sake, which this mount has to find like what others have made.
            made.withLock { $0 = tree.root.result ?? change.root }
            isWhole.withLock { $0 = tree.leftOut.isEmpty }
            return change
        }
        guard let root = made.withLock({ $0 }) else { return nil }
        // What has come to nothing is in no state of the drive: others had done the same, or have taken away what an earlier attempt had done.
        committing.withLock { $0.unsettled = (tree, result.hasCommit ? root : nil) }
        try await settle()
        let leftOut = tree.leftOut
        guard leftOut.isEmpty else { throw UnreadChanges(leftOut, besides: result.commit) }
        return result.commit
    }

    /// What is in the drive is not changed any more.
    private func settle() async throws {
        guard let (tree, root) = committing.withLock(\.unsettled) else { return }
        await forget(try await mounted.settle(tree, root: root, in: try await reader.head()))
        committing.withLock { $0.unsettled = nil }
    }

    private func note(_ event: StoreEvent, for wishes: [FlushWish]) {
        switch event {
        case .reached(let stage):
            mounted.with { $0.committing?.stage = stage }
            for wish in wishes where wish.stage <= stage && wish.stage < .complete { wish.fulfil(.success(nil)) }
        case .sent(let count): committing.withLock { $0.takenByteCount += UInt64(count) }
        case .staging, .sending, .reported: break
        }
    }

    // MARK: Ending

    func beginEnding(_ abandon: @escaping @Sendable () -> Void) { committing.withLock { $0.abandon = abandon } }

    func hasEnded() {
        let wishes = committing.withLock { state in
            (state.hasEnded, state.abandon) = (true, nil)
            defer { state.wishes = [] }
            return state.wishes
        }
        for wish in wishes { wish.fulfil(.failure(CancellationError())) }
    }

    /// Whether it is unmounted, and what was changed is still on its way.
    public var isEnding: Bool { committing.withLock { $0.abandon != nil } }
    /// Whether it has ended, and another mount may take its cache.
    public var isOver: Bool { committing.withLock(\.hasEnded) }

    /// Cuts the ending short: what is not in the drive yet stays on this machine, for the next mount.
    public func abandon() { committing.withLock(\.abandon)?() }

    // MARK: The kernel

    /// The kernel waits for its own requests there, so never on a thread that others wait for.
    private func forget(_ invalid: [Invalidation]) async {
        guard !invalid.isEmpty else { return }
        let session = session
        _ = try? await Self.onThread {
            for item in invalid { session.invalidate(item) }
        }
    }
}
