import BlobStore
import DriveFormat
import Testing

@testable import Drive

struct PlaceInHistoryTests {
    @Test func `a state is named by steps, number, id or time`() throws {
        #expect(PlaceInHistory("head") == .back(0))
        #expect(PlaceInHistory("head~3") == .back(3))
        #expect(PlaceInHistory("12") == .number(12))
        #expect(PlaceInHistory("1234567") == .number(1_234_567))
        #expect(PlaceInHistory("12345678") == .id("12345678"))
        #expect(PlaceInHistory("ABCDEF01") == .id("abcdef01"))
        #expect(PlaceInHistory("2026-11-25T13:42:52Z") == .by(Timestamp(seconds: 1_795_614_173)))
        for text in ["", "head~", "head~-1", "HEAD", "abcdef", "-1", "1.5", "tomorrow", "٣"] {
            #expect(PlaceInHistory(text) == nil, "\(text)")
        }
    }

    @Test func `the beginning of several ids is refused, a whole id is found`() throws {
        let beginning = "0123456789abcdef"
        let ids = ["4", "2", "3"].map { beginning + String(repeating: $0, count: 48) }
        var search = try HistorySearch(beginning)
        for (index, id) in ids.enumerated() {
            #expect(!search.isOver)
            let isIt = search.look(at: id, number: UInt64(3 - index), created: Timestamp(seconds: 0))
            #expect(isIt)
        }
        #expect {
            try search.checkOutcome()
        } throws: { error in
            guard case DriveError.ambiguousCommit(let which, let found) = error else { return false }
            return which == beginning && found == ids
        }
        var whole = try HistorySearch(ids[1])
        let isOther = whole.look(at: ids[0], number: 3, created: Timestamp(seconds: 0))
        #expect(!isOther && !whole.isOver)
        let isWhole = whole.look(at: ids[1], number: 2, created: Timestamp(seconds: 0))
        #expect(isWhole && whole.isOver)
        try whole.checkOutcome()
    }

    @Test func `what is not in the history is said, and why`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.makeDirectories([DrivePath("/a")], parents: false, options: ChangeOptions())
            #expect(try await drive.snapshot(at: "1").names("/") == [])
            #expect(try await drive.snapshot(at: "2").names("/") == ["a"])
            let id = try await drive.head().id
            #expect(try await drive.snapshot(at: id).id == id)
            for which in ["3", "0", "head~2", "0000000000000000"] {
                await #expect {
                    try await drive.snapshot(at: which)
                } throws: { error in
                    if case DriveError.noSuchCommit(let named) = error { named == which } else { false }
                }
            }
            await #expect {
                try await drive.snapshot(at: "2020-01-01")
            } throws: { error in
                guard case DriveError.beforeFirstCommit(_, let first) = error else { return false }
                return first.seconds > 1_700_000_000 && "\(error)".contains(Moment.second(first))
            }
        }
    }

    @Test func `a change that was left undone is carried as far as is asked, and its commit told`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            #expect(try await drive.finish(ChangeOptions()) == nil)
            var options = ChangeOptions()
            options.stage = .staged
            let staged = try await drive.makeDirectories([DrivePath("/a")], parents: false, options: options)
            options.stage = .placed
            let placed = try await drive.finish(options)
            #expect(placed?.commit == staged.commit && placed?.stage == .placed)
            #expect(try await drive.status().pendingCommit == staged.commit)
            let complete = try await drive.finish(ChangeOptions())
            #expect(complete?.commit == staged.commit && complete?.stage == .complete)
            #expect(try await drive.finish(ChangeOptions()) == nil)
            #expect(try await drive.head().id == staged.commit)
        }
    }
}
