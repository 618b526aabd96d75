import BlobStore
import DriveFormat
import Primitives
import Sealing
import Testing

@testable import Drive

/// Whoever does not see the end of its commit asks later whether it came into the drive.
struct AttemptTests {
    private struct Failure: Error {}

    private static func put(
        _ file: String, on drive: Drive, _ attempt: Attempt, stage: Stage = .complete
    ) async throws {
        var options = ChangeOptions()
        (options.attempt, options.stage) = (attempt, stage)
        let base = try await drive.head()
        _ = try await drive.commit(options) { staging in
            let edit = (name: name(file), entry: Entry?.some(try await staging.file(name(file))))
            return StagedChange(
                base: base.root, baseLinks: base.links,
                root: try await staging.directory(base.root, applying: [edit]))
        }
    }

    @Test func `an attempt is in the drive when its commit is, whoever has carried that on`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (first, second) = (Attempt(source: .random()), Attempt(source: .random()))
            #expect(try await !drive.isInDrive(first))
            try await Self.put("one", on: drive, first)
            #expect(try await drive.isInDrive(first))
            try await Self.put("two", on: drive, second, stage: .staged)
            #expect(try await !drive.isInDrive(second))
            _ = try await fixture.drive().finish(ChangeOptions())
            #expect(try await drive.isInDrive(second))
            #expect(try await drive.isInDrive(first))
        }
    }

    @Test func `one that others were faster than is in the drive when it was made anew`() async throws {
        try await DriveFixture.with { fixture in
            let (drive, attempt) = (try await fixture.created(), Attempt(source: .random()))
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            try await Self.put("ours", on: drive, attempt, stage: .staged)
            try await Self.put("theirs", on: other, Attempt(source: .random()))
            #expect(try await !drive.isInDrive(attempt))
            _ = try await drive.finish(ChangeOptions())
            #expect(try await drive.isInDrive(attempt))
            #expect(try await drive.head().names("/") == ["ours", "theirs"])
        }
    }

    @Test func `one that waits beside another process's commit is in the drive when it was taken in`() async throws {
        try await DriveFixture.with { fixture in
            let (drive, attempt) = (try await fixture.created(), Attempt(source: .random()))
            func wait() async throws {
                guard let lock = try WriterLock.take(drive.home.lock) else { throw Failure() }
                defer { withExtendedLifetime(lock) {} }
                try await Self.put("waits", on: fixture.drive(), attempt, stage: .staged)
            }
            try await wait()
            #expect(try await !drive.isInDrive(attempt))
            try await Self.put("takes in", on: drive, Attempt(source: .random()))
            #expect(try await drive.isInDrive(attempt))
        }
    }

    @Test func `one that fails is in no drive, whatever is finished before it and after`() async throws {
        try await DriveFixture.with { fixture in
            let (drive, former) = (try await fixture.created(), Attempt(source: .random()))
            try await Self.put("former", on: drive, former, stage: .staged)
            let attempt = Attempt(source: former.source)
            var options = ChangeOptions()
            options.attempt = attempt
            await #expect(throws: Failure.self) { _ = try await drive.commit(options) { _ in throw Failure() } }
            #expect(try await drive.isInDrive(former))
            #expect(try await !drive.isInDrive(attempt))
            try await Self.put("later", on: drive, Attempt(source: .random()))
            #expect(try await !drive.isInDrive(attempt))
        }
    }
}
