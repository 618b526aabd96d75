internal import CESS
internal import Synchronization

/// Ranges of fragments in memory: those that came lately, and those on their way.
///
/// Whoever needs windows that are on their way waits for them instead of asking again. What is kept is bounded, least
/// lately used first out; a fetch ends when it is done or when the last one who waits for it is cancelled.
final class RowCache: Sendable {
    /// A run of windows as it came.
    struct Piece: Sendable {
        let windows: Range<Int>
        /// The window with which `bytes` begins; at most the first of `windows`.
        let origin: Int
        let bytes: [UInt8]
        /// Whether the row's own node sent them; else they were computed from other rows.
        var isOwn = true
    }

    typealias Fetch = @Sendable (_ windows: Range<Int>) async throws -> [UInt8]

    private let limit: Int
    private let requestWindows: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - byteCount: how much is kept.
    ///   - requestByteCount: the longest range that is fetched in one piece.
    init(byteCount: Int, requestByteCount: Int) {
        limit = byteCount
        requestWindows = max(1, requestByteCount / SegmentGeometry.windowByteCount)
    }

    /// Windows of a fragment, fetching those that are neither here nor coming.
    ///
    /// - Returns: pieces that cover the windows in order.
    /// - Throws: what `fetch` throws; a failed fetch is forgotten.
    func pieces(of fragment: FragmentHash, windows: Range<Int>, fetch: @escaping Fetch) async throws -> [Piece] {
        let claims = state.withLock { $0.claim(fragment, windows, longest: requestWindows) }
        defer {
            let orphans = state.withLock { state in claims.compactMap { state.release($0.run, limit: limit) } }
            for task in orphans { task.cancel() }
        }
        for claim in claims where claim.isNew {
            let (run, windows) = (claim.run, claim.windows)
            // Ends with its fetch, or is cancelled by the last claim's release.
            let task = Task {
                let result: Result<[UInt8], any Error>
                do { result = .success(try await fetch(windows)) } catch { result = .failure(error) }
                self.finish(run, result)
            }
            state.withLock { $0.runs[run]?.task = task }
        }
        var pieces: [Piece] = []
        for claim in claims {
            let run = try await arrival(of: claim.run)
            pieces.append(
                Piece(windows: claim.windows, origin: run.windows.lowerBound, bytes: run.bytes, isOwn: run.isOwn))
        }
        return pieces
    }

    /// The windows if all of them are here.
    func ready(_ fragment: FragmentHash, windows: Range<Int>) -> [Piece]? {
        state.withLock { $0.ready(fragment, windows) }
    }

    /// Keeps what was obtained otherwise.
    ///
    /// - Precondition: the bytes are those of whole windows.
    func insert(_ bytes: [UInt8], of fragment: FragmentHash, windows: Range<Int>) {
        precondition(bytes.count == windows.count * SegmentGeometry.windowByteCount)
        state.withLock { $0.insert(bytes, fragment, windows, limit: limit) }
    }

    /// Forgets all that is here of a fragment.
    func drop(_ fragment: FragmentHash) { state.withLock { $0.drop(fragment) } }

    private func finish(_ run: Int, _ result: Result<[UInt8], any Error>) {
        for waiter in state.withLock({ $0.finish(run, result, limit: limit) }) { waiter.resume() }
    }

    /// The run, once it is there.
    private func arrival(of run: Int) async throws -> Piece {
        while true {
            if let result = state.withLock({ $0.result(of: run) }) { return try result.get() }
            try Task.checkCancellation()
            let waiter = state.withLock { $0.nextName() }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let waits = state.withLock { $0.wait(for: run, as: waiter, continuation) }
                    if !waits || Task.isCancelled { state.withLock { $0.stopWaiting(for: run, waiter) }?.resume() }
                    if !waits { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.stopWaiting(for: run, waiter) }?.resume()
            }
        }
    }
}

extension RowCache {
    typealias Waiter = CheckedContinuation<Void, Never>

    struct Claim {
        let run: Int
        /// What of the run is wanted; all of a new one.
        let windows: Range<Int>
        let isNew: Bool
    }

    private enum Content {
        case coming
        case here([UInt8])
        case failed(any Error)
    }

    private struct Run {
        let fragment: FragmentHash
        let windows: Range<Int>
        var content = Content.coming
        /// Who holds on to it: it is neither dropped nor cancelled meanwhile.
        var claims = 0
        var waiters: [Int: Waiter] = [:]
        var task: Task<Void, Never>?
        var lastUse = 0
        var isOwn = true
    }

    private struct State {
        var runs: [Int: Run] = [:]
        private var ofFragment: [FragmentHash: [Int]] = [:]
        /// Runs in the order of their uses; an entry that is not the run's last use means nothing.
        private var uses: [(run: Int, use: Int)] = []
        private var firstUse = 0
        private var byteCount = 0
        private var names = 0

        mutating func nextName() -> Int {
            names += 1
            return names
        }

        // MARK: Looking up

        mutating func claim(_ fragment: FragmentHash, _ windows: Range<Int>, longest: Int) -> [Claim] {
            let present = runs(of: fragment, touching: windows)
            var claims: [Claim] = []
            var window = windows.lowerBound
            while window < windows.upperBound {
                if let (name, run) = present.first(where: { $0.windows.contains(window) }) {
                    let used = window..<min(run.upperBound, windows.upperBound)
                    hold(name)
                    claims.append(Claim(run: name, windows: used, isNew: false))
                    window = used.upperBound
                } else {
                    let next = present.map(\.windows.lowerBound).filter { $0 > window }.min() ?? windows.upperBound
                    let gap = window..<min(next, windows.upperBound, window + longest)
                    let name = nextName()
                    runs[name] = Run(fragment: fragment, windows: gap)
                    ofFragment[fragment, default: []].append(name)
                    hold(name)
                    claims.append(Claim(run: name, windows: gap, isNew: true))
                    window = gap.upperBound
                }
            }
            return claims
        }

        mutating func ready(_ fragment: FragmentHash, _ windows: Range<Int>) -> [Piece]? {
            let present = runs(of: fragment, touching: windows)
            var pieces: [Piece] = []
            var window = windows.lowerBound
            while window < windows.upperBound {
                let found = present.first { name, windows in
                    if windows.contains(window), case .here = runs[name]?.content { true } else { false }
                }
                guard let name = found?.name, let run = runs[name], case .here(let bytes) = run.content else {
                    return nil
                }
                touch(name)
                let used = window..<min(run.windows.upperBound, windows.upperBound)
                pieces.append(Piece(windows: used, origin: run.windows.lowerBound, bytes: bytes, isOwn: run.isOwn))
                window = used.upperBound
            }
            return pieces
        }

        /// Nil while it is coming.
        func result(of name: Int) -> Result<Piece, any Error>? {
            guard let run = runs[name] else { return .failure(CancellationError()) }
            return switch run.content {
            case .coming: nil
            case .here(let bytes):
                .success(
                    Piece(windows: run.windows, origin: run.windows.lowerBound, bytes: bytes, isOwn: run.isOwn))
            case .failed(let error): .failure(error)
            }
        }

        private func runs(
            of fragment: FragmentHash, touching windows: Range<Int>
        ) -> [(name: Int, windows: Range<Int>)] {
            (ofFragment[fragment] ?? []).compactMap { name in
                guard let run = runs[name], run.windows.overlaps(windows) else { return nil }
                return (name, run.windows)
            }
        }

        // MARK: Holding and waiting

        private mutating func hold(_ name: Int) {
            runs[name]?.claims += 1
            touch(name)
        }

        /// - Returns: the fetch to cancel if nobody needs it any more.
        mutating func release(_ name: Int, limit: Int) -> Task<Void, Never>? {
            guard var run = runs[name] else { return nil }
            run.claims -= 1
            runs[name] = run
            guard run.claims == 0 else { return nil }
            switch run.content {
            case .coming:
                forget(name)
                return run.task
            case .failed: forget(name)
            case .here: shrink(to: limit)
            }
            return nil
        }

        /// - Returns: false if there is nothing to wait for.
        mutating func wait(for name: Int, as waiter: Int, _ continuation: Waiter) -> Bool {
            guard let run = runs[name], case .coming = run.content else { return false }
            runs[name]?.waiters[waiter] = continuation
            return true
        }

        mutating func stopWaiting(for name: Int, _ waiter: Int) -> Waiter? {
            runs[name]?.waiters.removeValue(forKey: waiter)
        }

        /// - Returns: who waited for it.
        mutating func finish(_ name: Int, _ result: Result<[UInt8], any Error>, limit: Int) -> [Waiter] {
            guard var run = runs[name] else { return [] }
            let waiters = Array(run.waiters.values)
            run.waiters = [:]
            run.task = nil
            switch result {
            case .success(let bytes):
                run.content = .here(bytes)
                byteCount += bytes.count
                runs[name] = run
                shrink(to: limit)
            case .failure(let error):
                run.content = .failed(error)
                runs[name] = run
                // Those who come now ask anew.
                ofFragment[run.fragment]?.removeAll { $0 == name }
            }
            return waiters
        }

        // MARK: Keeping and forgetting

        mutating func insert(_ bytes: [UInt8], _ fragment: FragmentHash, _ windows: Range<Int>, limit: Int) {
            let name = nextName()
            runs[name] = Run(fragment: fragment, windows: windows, content: .here(bytes), isOwn: false)
            // In front: what was computed stands before what the row's own node may still send.
            ofFragment[fragment, default: []].insert(name, at: 0)
            byteCount += bytes.count
            touch(name)
            shrink(to: limit)
        }

        mutating func drop(_ fragment: FragmentHash) {
            for name in ofFragment[fragment] ?? [] {
                guard let run = runs[name], case .here(let bytes) = run.content else { continue }
                ofFragment[fragment]?.removeAll { $0 == name }
                // Who holds it keeps it; it is found no more.
                if run.claims == 0 {
                    byteCount -= bytes.count
                    runs[name] = nil
                }
            }
        }

        private mutating func touch(_ name: Int) {
            let use = nextName()
            runs[name]?.lastUse = use
            uses.append((name, use))
        }

        /// Drops the least lately used until the rest fits, save what somebody holds.
        private mutating func shrink(to limit: Int) {
            var held: [(run: Int, use: Int)] = []
            while byteCount > limit, firstUse < uses.count {
                let (name, use) = uses[firstUse]
                firstUse += 1
                guard let run = runs[name], run.lastUse == use else { continue }
                if run.claims > 0 { held.append((name, use)) } else { forget(name) }
            }
            // Those are looked at again when they are released.
            if !held.isEmpty || uses.count > 1024 + 4 * runs.count {
                uses = held + uses[firstUse...].filter { runs[$0.run]?.lastUse == $0.use }
                firstUse = 0
            }
        }

        private mutating func forget(_ name: Int) {
            guard let run = runs.removeValue(forKey: name) else { return }
            if case .here(let bytes) = run.content { byteCount -= bytes.count }
            ofFragment[run.fragment]?.removeAll { $0 == name }
            if ofFragment[run.fragment]?.isEmpty == true { ofFragment[run.fragment] = nil }
        }
    }
}
