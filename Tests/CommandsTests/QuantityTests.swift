import BlobStore
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("512", 512), ("10K", 10_240), ("10M", 10_485_760), ("1.5GiB", 1_610_612_736),
        ("10MB", 10_000_000), ("2 KiB", 2048), ("1t", 1_099_511_627_776),
    ])
    func `sizes are read with steps of 1024, and of 1000 where B says so`(text: String, bytes: Int) {
        #expect(Quantities.bytes(text) == bytes)
    }

    @Test(arguments: ["", "M", "-1", "1X", "1.2.3", "٣M", "1e3", "99999P", "10 M B"])
    func `what is no size is none`(text: String) { #expect(Quantities.bytes(text) == nil) }

    @Test func `a rate may end in a second and is never zero`() {
        #expect(Quantities.rate("10M/s") == 10_485_760)
        #expect(Quantities.rate("10M") == 10_485_760)
        #expect(Quantities.rate("0") == nil)
        #expect(Quantities.rate("10M/m") == nil)
    }

    @Test(arguments: [
        ("1s", Duration.seconds(1)), ("500ms", .milliseconds(500)), ("8h", .seconds(28_800)), ("2d", .seconds(172_800)),
        ("1h30m", .seconds(5400)), ("1.5s", .milliseconds(1500)), ("0", .zero),
    ])
    func `time spans are read with their units`(text: String, duration: Duration) {
        #expect(Quantities.duration(text) == duration)
    }

    @Test(arguments: ["", "8", "h", "-1s", "1x", "1s2", "999999999999999999999d"])
    func `what is no time span is none`(text: String) { #expect(Quantities.duration(text) == nil) }

    @Test func `sizes and times are shown in the unit that fits`() {
        #expect(Quantities.text(bytes: 1023) == "1023 B")
        #expect(Quantities.text(bytes: 1536) == "1.5 KiB")
        #expect(Quantities.text(bytes: 1 << 40) == "1.0 TiB")
        #expect(Quantities.text(.milliseconds(35)) == "35 ms")
        #expect(Quantities.text(.milliseconds(4200)) == "4.2 s")
        #expect(Quantities.text(.seconds(90)) == "1 min 30 s")
        #expect(Quantities.text(.seconds(3600)) == "1 h")
        #expect(Quantities.text(.seconds(183_600)) == "2 d 3 h")
    }

    @Test func `numbers as large as a server may name them are shown, not summed up beyond their type`() {
        #expect(Quantities.text(.seconds(Int64.max)).hasSuffix("h"))
        #expect(Quantities.text(.seconds(Int64.min)).hasSuffix("ms"))
        let quote = Lease.Quote(price: .max, fee: 1, spendable: .max - 1)
        #expect(quote.total == .max && !quote.isAffordable)
    }
}

@Suite struct ProgressTests {
    @Test func `what is told takes the line's place, and while a question stands nothing is drawn`() throws {
        let (input, output) = try FileDescriptor.pipe()
        defer { try? input.close() }
        let line = ProgressLine(on: output)
        line.draw("one")
        line.giveWay(to: "note\n")
        line.draw("two")
        line.pause()
        line.draw("three")
        line.giveWay(to: "note\n")
        line.goOn()
        line.draw("four")
        line.erase()
        line.erase()
        try output.close()
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = try unsafe bytes.withUnsafeMutableBytes { try unsafe input.read(into: $0) }
        let erased = "\r\u{1B}[K"
        #expect(
            String(decoding: bytes.prefix(count), as: UTF8.self)
                == "\(erased)one\(erased)note\n\(erased)two\(erased)note\n\(erased)four\(erased)")
    }

    @Test func `what is sent again or was held back adds to the total, and percents go on`() {
        let meter = ProgressMeter()
        meter.note(.staging(read: 10, sealed: 5))
        #expect(meter.current == ProgressState(stage: "reading", doneByteCount: 10))
        meter.note(.sending(total: 24))
        for _ in 0..<3 { meter.note(.sent(8)) }
        #expect(meter.current == ProgressState(stage: "sending", doneByteCount: 24, totalByteCount: 24))
        meter.note(.sending(total: 8))
        meter.note(.sent(8))
        #expect(meter.current == ProgressState(stage: "sending", doneByteCount: 32, totalByteCount: 32))
    }

    @Test func `the rate is that of the last seconds`() {
        var meter = RateMeter(window: .seconds(4))
        for second in 0...10 { meter.add(second <= 5 ? 0 : (second - 5) * 1_048_576, at: .seconds(second)) }
        #expect(meter.perSecond == 1_048_576)
        #expect(meter.timeLeft(until: 7 * 1_048_576) == .seconds(2))
    }

    @Test func `a value that falls starts the rate afresh`() {
        var meter = RateMeter()
        meter.add(100, at: .seconds(1))
        meter.add(10, at: .seconds(2))
        #expect(meter.perSecond == nil)
    }

    @Test func `the line tells stage, bytes, rate and time left, and fits the terminal`() {
        var meter = RateMeter()
        meter.add(0, at: .zero)
        meter.add(2_097_152, at: .seconds(2))
        let state = ProgressState(
            stage: "storing", doneByteCount: 2_097_152, totalByteCount: 4_194_304, detail: "3/12 rows")
        #expect(
            state.line(rate: meter, width: 200) == "storing  2.0 MiB of 4.0 MiB  50%  1.0 MiB/s  2.0 s left  3/12 rows")
        #expect(state.line(rate: meter, width: 20).count == 19)
    }
}
