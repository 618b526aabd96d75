import CESS
import Primitives
import Synchronization
import Testing

@testable import BlobStore

@Suite struct RowCacheTests {
    private let fragment = FragmentHash(SHA256.hash([1]))
    private let window = SegmentGeometry.windowByteCount

    @Test func `what was fetched is not fetched again, and gaps are fetched alone`() async throws {
        let cache = RowCache(byteCount: 1 << 20, requestByteCount: 4 << 20)
        let log = Shared<[Range<Int>]>([])
        @Sendable func fetch(_ windows: Range<Int>) -> [UInt8] {
            log.withLock { $0.append(windows) }
            return windows.flatMap {
                [UInt8](repeating: UInt8($0), count: SegmentGeometry.windowByteCount)
            }
        }
        for windows in [2..<4, 2..<4, 6..<7, 0..<9] {
            let pieces = try await cache.pieces(of: fragment, windows: windows) { fetch($0) }
            let bytes = RowSource.join(pieces, windows: windows)
            #expect(bytes.count == windows.count * window)
            for (index, number) in windows.enumerated() {
                #expect(bytes[index * window] == UInt8(number))
                #expect(bytes[(index + 1) * window - 1] == UInt8(number))
            }
        }
        #expect(log.withLock { Set($0) } == [2..<4, 6..<7, 0..<2, 4..<6, 7..<9])
    }

    @Test func `long ranges are fetched in bounded requests`() async throws {
        let cache = RowCache(byteCount: 1 << 20, requestByteCount: 4 * 16_384)
        let log = Shared<[Range<Int>]>([])
        _ = try await cache.pieces(of: fragment, windows: 1..<10) { windows in
            log.withLock { $0.append(windows) }
            return [UInt8](repeating: 0, count: windows.count * SegmentGeometry.windowByteCount)
        }
        #expect(log.withLock { Set($0) } == [1..<5, 5..<9, 9..<10])
    }

    @Test func `those who want the same at once share one fetch`() async throws {
        let cache = RowCache(byteCount: 1 << 20, requestByteCount: 4 << 20)
        let gate = Gate()
        let count = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    _ = try await cache.pieces(of: fragment, windows: 3..<5) { windows in
                        count.withLock { $0 += 1 }
                        await gate.wait()
                        return [UInt8](repeating: 0, count: windows.count * SegmentGeometry.windowByteCount)
                    }
                }
            }
            while count.withLock({ $0 }) == 0 { await Task.yield() }
            gate.open()
            try await group.waitForAll()
        }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func `one who is cancelled does not take the fetch from another, the last one does`()
        async throws
    {
        let cache = RowCache(byteCount: 1 << 20, requestByteCount: 4 << 20)
        let state = Shared((started: 0, cancelled: 0))
        let fetch: RowCache.Fetch = { windows in
            state.withLock { $0.started += 1 }
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                state.withLock { $0.cancelled += 1 }
                throw error
            }
            return []
        }
        let fragment = fragment
        let first = Task { try await cache.pieces(of: fragment, windows: 0..<1, fetch: fetch) }
        while state.withLock({ $0.started }) == 0 { await Task.yield() }
        let second = Task { try await cache.pieces(of: fragment, windows: 0..<1, fetch: fetch) }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        // If the first had gone before the second came, there were two fetches; all of them have ended.
        while state.withLock({ $0.cancelled < $0.started }) { await Task.yield() }
        #expect(cache.ready(fragment, windows: 0..<1) == nil)
    }

    @Test func `a failed fetch is tried anew`() async throws {
        let cache = RowCache(byteCount: 1 << 20, requestByteCount: 4 << 20)
        await #expect(throws: NodeError.absent) {
            try await cache.pieces(of: fragment, windows: 0..<1) { _ in throw NodeError.absent }
        }
        let pieces = try await cache.pieces(of: fragment, windows: 0..<1) { _ in
            [UInt8](repeating: 4, count: SegmentGeometry.windowByteCount)
        }
        #expect(pieces.count == 1)
    }

    @Test func `the least lately used goes first, and memory stays bounded`() async throws {
        let cache = RowCache(byteCount: 4 * window, requestByteCount: 4 << 20)
        for number in 0..<2000 {
            _ = try await cache.pieces(of: fragment, windows: number % 400..<number % 400 + 1) { _ in
                [UInt8](repeating: 0, count: SegmentGeometry.windowByteCount)
            }
            if number > 0 { #expect(cache.ready(fragment, windows: 0..<1) != nil || number % 400 > 0) }
        }
        let kept = (0..<512).count { cache.ready(fragment, windows: $0..<$0 + 1) != nil }
        #expect(kept == 4)
        cache.drop(fragment)
        #expect((0..<512).count { cache.ready(fragment, windows: $0..<$0 + 1) != nil } == 0)
    }
}

/// A value that closures share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R { value.withLock { body(&$0) } }
}

/// Holds tasks until it is opened.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
