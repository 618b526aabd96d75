internal import CFuse
internal import Glibc
internal import Synchronization
public import SystemPackage

/// Who asks.
public struct Caller: Hashable, Sendable {
    public let user: UInt32
    public let group: UInt32
    public let process: Int32
    /// Bits that a new file does not get.
    public let umask: UInt32
}

/// The way to answer one request, on the thread that brought it or on any other one later. One answer is sent, the first;
/// a request that nobody answers gets EIO.
public struct Reply<A: Answer>: Sendable {
    private let request: Request

    init(_ request: Request) { self.request = request }

    public var caller: Caller { request.caller }

    /// The caller's groups besides its first one; none where the system does not say.
    public var supplementaryGroups: [UInt32] { request.supplementaryGroups }

    public func callAsFunction(_ answer: A) { request.answer(answer) }

    public func fail(_ error: Errno) { request.fail(error) }

    /// Answers with what `work` gives, or with EIO where it fails with anything but an `Errno`.
    public func with(_ work: () throws -> A) {
        do { self(try work()) } catch { fail(error as? Errno ?? .ioError) }
    }

    /// Answers later, with what `work` gives. When the caller is interrupted, or the time is over, it is told so at once, and
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

    private let fileSystem: any FileSystem

    init(_ pointer: fuse_req_t, of fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        self.pointer = RequestPointer(pointer: pointer)
        let context = fuse_req_ctx(pointer)?.pointee
        caller = Caller(
            user: context?.uid ?? 0, group: context?.gid ?? 0, process: context?.pid ?? 0, umask: context?.umask ?? 0)
    }

    deinit { fail(.ioError) }

    var supplementaryGroups: [UInt32] {
        var groups = [gid_t](repeating: 0, count: 64)
        var count = Int(fuse_req_getgroups(pointer.pointer, Int32(groups.count), &groups))
        if count > groups.count {
            groups = [gid_t](repeating: 0, count: count)
            count = Int(fuse_req_getgroups(pointer.pointer, Int32(groups.count), &groups))
        }
        return Array(groups.prefix(max(0, count)))
    }

    func answer(_ answer: some Answer) {
        if claim(), answer.send(to: pointer) { return }
        answer.wasLost()
        for inode in answer.inodes { fileSystem.forget(inode, lookups: 1) }
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

    /// Tells a caller who is interrupted so. Before anything can answer: an answered request is gone.
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
                Task { found.fail(.interrupted) }
            }, Unmanaged.passUnretained(self).toOpaque())
    }

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
