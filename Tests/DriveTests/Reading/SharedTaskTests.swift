import CESS
import Primitives
import Substrate
import Synchronization
import Testing

@testable import BlobStore

// Only against hanging for ever: where much else runs, a turn of a loop may take seconds.
@Suite(.timeLimit(.minutes(20)))
struct SharedTaskTests {
    /// Work that ends when it is told to, or cancelled.
    private final class Work: Sendable {
        private let state = Mutex((isReleased: false, isCancelled: false, begun: 0))
        func release() { state.withLock { $0.isReleased = true } }
        var isCancelled: Bool { state.withLock { $0.isCancelled } }
        var begun: Int { state.withLock { $0.begun } }

        func run() async throws -> Int {
            state.withLock { $0.begun += 1 }
            while !state.withLock({ $0.isReleased }) {
                guard !Task.isCancelled else {
                    state.withLock { $0.isCancelled = true }
                    throw CancellationError()
                }
                await Task.yield()
            }
            return 7
        }
    }

    private func waitFor(_ isTrue: () -> Bool) async { while !isTrue() { await Task.yield() } }

    @Test func `work goes on while somebody waits, and whoever is cancelled waits no longer`() async throws {
        let work = Work()
        let shared = SharedTask { try await work.run() }
        let (patient, impatient) = (Task { try await shared.value() }, Task { try await shared.value() })
        await waitFor { work.begun == 1 }
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        work.release()
        #expect(try await patient.value == 7)
        #expect(try await shared.value() == 7)
        #expect(!work.isCancelled && work.begun == 1)
    }

    @Test func `work is cancelled with the last one that waits, and whoever comes later is told`() async throws {
        let work = Work()
        let shared = SharedTask { try await work.run() }
        let waiters = (0..<3).map { _ in Task { try await shared.value() } }
        await waitFor { work.begun == 1 }
        for waiter in waiters { waiter.cancel() }
        for waiter in waiters { await #expect(throws: CancellationError.self) { try await waiter.value } }
        await waitFor { work.isCancelled }
        await #expect(throws: SharedTask<Int>.Abandoned.self) { try await shared.value() }
    }

    @Test func `a read of a verified segment that is cancelled ends, whatever the nodes do, and can be made again`()
        async throws
    {
        let reading = Reading()
        let volume = StoredVolume.shared
        let place = try #require(SegmentPlace(reading.placement, volume: volume.id, segment: 0))
        let verified = VerifiedSegments(source: reading.segments.source, limit: 1)
        reading.network.setFault(.silent, of: 0..<12)
        let task = Task { try await verified.bytes(of: place) }
        await waitFor { !reading.network.requests.isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        reading.network.setFault(nil, of: 0..<12)
        #expect(try await verified.bytes(of: place) == volume.segment)
    }

    @Test func `a search for a node that is cancelled ends, whatever the nodes do, and others go on`() async throws {
        let network = MemoryNetwork(nodes: 3)
        network.setFault(.silent, of: 0..<3)
        let pool = NodePool(try await network.nodes(at: .zero), bytesPerRow: 1, nodes: network)
        let task = Task { await pool.next(excluding: []) }
        let other = Task { await pool.next(excluding: []) }
        await waitFor { network.state.withLock { $0.probes } == 3 }
        task.cancel()
        #expect(await task.value == nil)
        network.setFault(nil, of: 0..<3)
        other.cancel()
        #expect(await other.value == nil)
        #expect(await pool.usableCount() == 3)
    }
}
