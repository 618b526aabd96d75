import SystemPackage
import Testing

@testable import Drive

struct MountCachesTests {
    @Test func `caches of mounts are known to the next process until nothing is left in them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try fixture.drive()
            #expect(try await drive.mountCaches().isEmpty)
            try await drive.note(mountCache: "/a/writing-1")
            try await drive.note(mountCache: "/b/writing-2")
            try await drive.note(mountCache: "/a/writing-1")
            let next = try fixture.drive()
            #expect(try await next.mountCaches() == ["/a/writing-1", "/b/writing-2"])
            try await next.forget(mountCaches: ["/a/writing-1", "/never/there"])
            #expect(try await drive.mountCaches() == ["/b/writing-2"])
            try await drive.forget(mountCaches: ["/b/writing-2"])
            #expect(try await next.mountCaches().isEmpty)
        }
    }

    @Test func `mounts that begin at once are all known`() async throws {
        try await DriveFixture.with { fixture in
            let drives = try (0..<4).map { _ in try fixture.drive() }
            try await withThrowingTaskGroup { group in
                for number in 0..<16 {
                    group.addTask {
                        try await drives[number % 4].note(mountCache: FilePath("/caches/writing-\(number)"))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Set(drives[0].mountCaches()) == Set((0..<16).map { FilePath("/caches/writing-\($0)") }))
        }
    }
}
