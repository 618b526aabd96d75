import BlobStore
import DriveFormat
import Foundation
import Testing

@testable import Drive

/// A change that is stopped at a question to the network, anywhere, is carried on by the next process.
struct CrashTests {
    /// Bytes of the fragments of a `put` of `content` that nothing stops.
    private static func undisturbed(_ content: [UInt8], segmentsPerVolume: Int) async throws -> (steps: Int, bytes: Int)
    {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            let before = fixture.network.sentByteCount
            let counting = FaultyNetwork(fixture.network, cutAt: .max, hasEffect: true)
            let drive = try fixture.drive(segmentsPerVolume: segmentsPerVolume, through: counting)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            return (counting.asked, fixture.network.sentByteCount - before)
        }
    }

    private static func interrupt(
        _ content: [UInt8], at step: Int, hasEffect: Bool, segmentsPerVolume: Int, undisturbedBytes: Int
    ) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let former = noise(1000, seed: 99)
            _ = try await drive.put(fixture.write(former, to: "former"), to: "/former")
            let before = fixture.network.sentByteCount
            let source = try fixture.write(content, to: "file")
            let faulty = FaultyNetwork(fixture.network, cutAt: step, hasEffect: hasEffect)
            let dying = try fixture.drive(segmentsPerVolume: segmentsPerVolume, through: faulty)
            _ = try? await dying.put(source, to: "/file")

            let next = try fixture.drive(segmentsPerVolume: segmentsPerVolume)
            #expect(try await next.head().bytes("/former") == former, "an acknowledged file after step \(step)")
            _ = try await next.finish(ChangeOptions())
            _ = try await next.put(source, to: "/file")
            let head = try await fixture.drive().head()
            #expect(try await head.bytes("/file") == content, "step \(step)")
            #expect(try await head.bytes("/former") == former)
            #expect(head.commit.sequence == 3, "the change was made once: step \(step)")
            let declared = fixture.network.declarations
            #expect(Set(declared).count == declared.count, "a deal was declared twice: step \(step)")
            #expect(fixture.network.deals.isEmpty, "a deal stays open: step \(step)")
            // What was on its way when the line was cut may go again, and what was staged for nothing may be in the way.
            #expect(fixture.network.sentByteCount - before <= undisturbedBytes + (9 << 20), "step \(step)")
            #expect(try await fixture.drive().status().spooledBytes == 0)
        }
    }

    @Test(arguments: 0..<4)
    func `a small change survives being cut off at every step`(part: Int) async throws {
        let content = noise(50_000)
        let (steps, bytes) = try await Self.undisturbed(content, segmentsPerVolume: 16)
        #expect(steps > 30)
        // The line is cut before one question took effect, and after the next.
        for step in stride(from: 1 + part, through: steps, by: 4) {
            try await Self.interrupt(
                content, at: step, hasEffect: (step + step / 8).isMultiple(of: 2), segmentsPerVolume: 16,
                undisturbedBytes: bytes)
        }
    }

    @Test func `a change of several volumes survives being cut off`() async throws {
        let content = noise(40 << 20)
        let (steps, bytes) = try await Self.undisturbed(content, segmentsPerVolume: 1)
        for step in stride(from: 1, through: steps, by: max(1, steps / 12)) {
            try await Self.interrupt(
                content, at: step, hasEffect: step.isMultiple(of: 2), segmentsPerVolume: 1, undisturbedBytes: bytes)
        }
    }

    @Test func `a change that stays staged is carried on by the next command`() async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            for (number, stage) in [Stage.staged, .declared, .placed, .included].enumerated() {
                var options = ChangeOptions()
                options.stage = stage
                let content = noise(300_000, seed: UInt64(number))
                _ = try await fixture.drive().put(
                    fixture.write(content, to: "file"), to: "/\(stage)", options: options)
                #expect(try await fixture.drive().status().pendingCommit != nil)
                #expect(try await fixture.drive().finish(ChangeOptions()) != nil)
                #expect(try await fixture.drive().head().bytes("/\(stage)") == content)
                #expect(try await fixture.drive().status().pendingCommit == nil)
            }
        }
    }

    @Test func `what a cancelled change has staged is not read into the drive, and not lost to the next`() async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(3 << 20)
            let source = try fixture.write(content, to: "file")
            let task = Task {
                var options = ChangeOptions()
                options.observer = { if case .staging = $0 { withUnsafeCurrentTask { $0?.cancel() } } }
                _ = try await drive.put(source, to: "/file", options: options)
            }
            _ = try? await task.value
            #expect(try await drive.head().names("/").isEmpty)
            _ = try await fixture.drive().put(source, to: "/file")
            #expect(try await fixture.drive().head().bytes("/file") == content)
        }
    }
}
