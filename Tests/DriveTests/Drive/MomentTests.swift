import DriveFormat
import Glibc
import Testing

@testable import Drive

struct MomentTests {
    /// 2026-11-25T13:42:52Z.
    private static let second: Int64 = 1_795_614_172

    @Test(arguments: [
        ("2026-11-25T13:42:52Z", 1, 0), ("2026-11-25 13:42:52Z", 1, 0), ("2026-11-25T13:42:52+00:00", 1, 0),
        ("2026-11-25T15:12:52+01:30", 1, 0), ("2026-11-25T05:42:52-0800", 1, 0), ("2026-11-25T13:42Z", 8, 0),
        ("2026-11-25T13:42:52.758159012Z", 0, 758_159_013), ("2026-11-25T13:42:52.7Z", 0, 800_000_000),
        ("2026-11-25T13:42:52.999999999Z", 1, 0), ("2026-11-25T13:42:52.9+00:00", 1, 0),
    ])
    func `a time with its zone ends where what was written ends`(text: String, later: Int, nanoseconds: Int) {
        let end = Timestamp(seconds: Self.second + Int64(later), nanoseconds: UInt32(nanoseconds))
        #expect(Moment.parse(text) == end)
    }

    @Test func `without a zone it is this machine's clock, and without a day today`() throws {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min) = (126, 10, 25, 13, 42)
        parts.tm_isdst = -1
        let minute = Int64(mktime(&parts))
        let now = Timestamp(seconds: minute + 5000, nanoseconds: 3)
        #expect(Moment.parse("2026-11-25 13:42") == Timestamp(seconds: minute + 60))
        #expect(Moment.parse("13:42", now: now) == Timestamp(seconds: minute + 60))
        #expect(Moment.parse("13:42:10", now: now) == Timestamp(seconds: minute + 11))
        #expect(Moment.parse("13:42:10.5", now: now) == Timestamp(seconds: minute + 10, nanoseconds: 600_000_000))
        #expect(Moment.parse("2026-11-25") == Timestamp(seconds: minute - 13 * 3600 - 42 * 60 + 86_400))
    }

    @Test func `a span begins where what was written begins`() {
        let minute = Self.second - 52
        #expect(
            Moment.span(of: "2026-11-25T13:42Z") == Timestamp(seconds: minute)..<Timestamp(seconds: minute + 60))
        #expect(
            Moment.span(of: "2026-11-25T13:42:52.25Z")
                == Timestamp(
                    seconds: Self.second, nanoseconds: 250_000_000)..<Timestamp(
                    seconds: Self.second, nanoseconds: 260_000_000))
    }

    @Test(arguments: [
        "", " ", "zzzz", "tomorrow", "2026", "2026-11", "13", "2026-11-25Z", "2026-11-25 13:42 ",
        "2026-11-25T13:42:52.Z",
        "2026-11-25T13:42:52.1234567890Z", "2026-11-25T13:42:52+1", "2026-11-25T13:42:52+24:00", " 13:42", "13:42.5",
    ])
    func `what is no time is not taken for one`(text: String) {
        #expect(Moment.parse(text) == nil)
    }
}
