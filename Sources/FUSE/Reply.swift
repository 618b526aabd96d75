internal import CFuse
internal import Synchronization
public import SystemPackage

/// The way to answer one request, on the thread that brought it or on any other one later. One answer is sent, the first;
/// a request that nobody answers gets EIO.
public struct Reply<A: Answer>: Sendable {
    private let request: Request

    init(_ request: Request) { self.request = request }

    public var caller: Caller { request.caller }

    public func callAsFunction(_ answer: A) { request.answer(answer) }

    public func fail(_ error: Errno) { request.fail(error) }

    /// Answers with what `work` gives, or with EIO where it fails with anything but an `Errno`.
    public func with(_ work: () throws -> A) {
        do { self(try work()) } catch { fail(error as? Errno ?? .ioError) }
    }

    /// Answers later, with what `work` gives. When the caller is to end, or the time is over, it is told so at once, and
    /// `work` is cancelled.
    ///
    /// - Parameter deadline: for ETIMEDOUT.
    public func later(within deadline: Duration, _ work: @escaping @Sendable () async throws -> A) {
        let request = request
        request.heedInterruption()
        // Ends with the work, which the request cancels where nobody waits for it any more.
        let task = Task {
            do { request.answer(try await work()) } catch {
                request.fail(error as? Errno ?? (error is CancellationError ? .interrupted : .ioError))
            }
        }
        request.bind(to: task, within: deadline)
    }
}

extension Reply where A == Listing {
    /// An empty listing for this request.
    ///
    /// - Parameter limit: the kernel's, in bytes.
    func listing(limit: Int, withAttributes: Bool) -> Listing {
        Listing(request.pointer, limit: limit, withAttributes: withAttributes)
    }
}

/// A request that waits for its answer.
final class Request: Sendable {
    let pointer: RequestPointer
    /// Asked for once: it is gone when the request is answered.
    let caller: Caller
    private let state = Mutex(State())

    private struct State {
        var isAnswered = false
        var work: Task<Void, Never>?
        var timer: Task<Void, Never>?
        var isWatched = false
    }

    private let changing: [Invalidation]
    private let context: Operations.Context

    /// - Parameter changing: what the request changes of what the kernel remembers.
    init(_ pointer: fuse_req_t, changing: [Invalidation], in context: Operations.Context) {
        self.changing = changing
        self.context = context
        self.pointer = RequestPointer(pointer: pointer)
        let asking = fuse_req_ctx(pointer)?.pointee
        caller = Caller(
            user: asking?.uid ?? 0, group: asking?.gid ?? 0, process: asking?.pid ?? 0, umask: asking?.umask ?? 0)
    }

    deinit { fail(.ioError) }

    func answer(_ answer: some Answer) {
        if claim(), answer.send(to: pointer) { return }
        answer.wasLost()
        for inode in answer.inodes { context.fileSystem.forget(inode, lookups: 1) }
        // The caller was told that it failed, and may have asked since how things are.
        for item in changing { context.unheard.continuation.yield(item) }
    }

    func fail(_ error: Errno) {
        guard claim() else { return }
        _ = fuse_reply_err(pointer.pointer, error.rawValue)
    }

    /// Whether the answer is the caller's to send.
    private func claim() -> Bool {
        let (isMine, work, timer, isWatched) = state.withLock { state in
            defer {
                state.isAnswered = true
                (state.work, state.timer) = (nil, nil)
            }
            return (!state.isAnswered, state.work, state.timer, state.isWatched)
        }
        guard isMine else { return false }
        if isWatched { fuse_req_interrupt_func(pointer.pointer, nil, nil) }
        timer?.cancel()
        work?.cancel()
        return true
    }

    /// Tells a caller that is to end so. Before anything can answer: an answered request is gone.
    func heedInterruption() {
        state.withLock { $0.isWatched = true }
        // libfuse calls it at once where the caller is interrupted already, and never once it is taken back, which `claim` does.
        // The work holds the request until then.
        fuse_req_interrupt_func(
            pointer.pointer,
            { _, request in
                guard let request else { return }
                let found = Unmanaged<Request>.fromOpaque(request).takeUnretainedValue()
                // libfuse holds the request's lock here.
                Task { await found.failWhenCallerEnds() }
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Of a caller that has got a signal; of further ones the kernel says nothing.
    private func failWhenCallerEnds() async {
        while !state.withLock(\.isAnswered) {
            if caller.isToEnd { return fail(.interrupted) }
            guard (try? await Task.sleep(for: Self.signalPause)) != nil else { return }
        }
    }

    /// Between two looks at a caller's signals.
    private static let signalPause: Duration = .milliseconds(100)

    /// Cancels the work with the answer, which is a failure when the time is over.
    func bind(to work: Task<Void, Never>, within deadline: Duration) {
        // Cancelled with the answer.
        let timer = Task { [weak self] in
            guard (try? await Task.sleep(for: deadline)) != nil else { return }
            self?.fail(.timedOut)
        }
        let isWaiting = state.withLock { state in
            guard !state.isAnswered else { return false }
            (state.work, state.timer) = (work, timer)
            return true
        }
        guard !isWaiting else { return }
        timer.cancel()
        work.cancel()
    }
}
