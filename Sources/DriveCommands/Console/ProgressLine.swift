import Glibc
import Synchronization
import SystemPackage

/// What a long command is at: told by the library as often as it likes, shown a few times a second.
struct ProgressState: Codable, Sendable, Equatable {
    /// What is being done, in a word or two.
    var stage = ""
    var doneByteCount = 0
    /// Nil while it is not known.
    var totalByteCount: Int?
    /// More about the stage: `3/12 rows`.
    var detail = ""
}

/// Holds what was told last, for the line that is drawn.
final class ProgressMeter: Sendable {
    private let state = Mutex(ProgressState())

    var current: ProgressState { state.withLock { $0 } }

    func update(_ change: (inout ProgressState) -> Void) { state.withLock { change(&$0) } }
}

/// The line at the bottom of the terminal.
final class ProgressLine: Sendable {
    private struct State {
        var isDrawn = false
        var pauses = 0
        let file: FileDescriptor

        mutating func erase() {
            if isDrawn { put("\r\u{1B}[K") }
            isDrawn = false
        }

        // Nobody is left to be told that standard error is gone.
        func put(_ text: String) { _ = try? file.writeAll(Array(text.utf8)) }
    }

    private let state: Mutex<State>

    init(on file: FileDescriptor = .standardError) { state = Mutex(State(file: file)) }

    /// Shows the line, unless a question stands there.
    func draw(_ line: String) {
        state.withLock { state in
            guard state.pauses == 0 else { return }
            state.put("\r\u{1B}[K" + line)
            state.isDrawn = true
        }
    }

    func erase() { state.withLock { $0.erase() } }

    /// Writes something else where the line was; the next `draw` shows it again below.
    func giveWay(to text: String) {
        state.withLock { state in
            state.erase()
            state.put(text)
        }
    }

    /// Until `goOn` nothing is drawn.
    func pause() {
        state.withLock { state in
            state.erase()
            state.pauses += 1
        }
    }

    func goOn() { state.withLock { $0.pauses -= 1 } }
}

extension Console {
    /// Runs `work` while one line at the bottom of the terminal shows how far it is; nothing is drawn elsewhere.
    func withProgress<Result: Sendable>(
        _ work: (ProgressMeter) async throws -> Result
    ) async throws -> Result {
        let meter = ProgressMeter()
        guard showsProgress else { return try await work(meter) }
        // Ended below, before this call returns.
        let drawing = Task { await draw(meter) }
        do {
            let result = try await work(meter)
            await stop(drawing)
            return result
        } catch {
            await stop(drawing)
            throw error
        }
    }

    private func stop(_ drawing: Task<Void, Never>) async {
        drawing.cancel()
        await drawing.value
    }

    private func draw(_ meter: ProgressMeter) async {
        let clock = ContinuousClock()
        let start = clock.now
        var rate = RateMeter()
        var shown: ProgressState?
        while !Task.isCancelled {
            let state = meter.current
            if state.stage != shown?.stage { rate = RateMeter() }
            rate.add(state.doneByteCount, at: clock.now - start)
            progress.draw(state.line(rate: rate, width: Self.width))
            shown = state
            try? await clock.sleep(for: .milliseconds(200))
        }
        progress.erase()
    }

    private static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

extension ProgressState {
    /// `storing  312.4 MiB of 1.0 GiB  30%  145.2 MiB/s  5 s left`, cut to the terminal's width.
    func line(rate: RateMeter, width: Int) -> String {
        var parts = [stage]
        // Files of several names are in no directory's sum: a restored tree may have more bytes than it said.
        if let total = totalByteCount, total >= doneByteCount {
            parts.append("\(Quantities.text(bytes: doneByteCount)) of \(Quantities.text(bytes: total))")
            if total > 0 { parts.append("\(min(100, doneByteCount * 100 / total))%") }
        } else if doneByteCount > 0 {
            parts.append(Quantities.text(bytes: doneByteCount))
        }
        if let perSecond = rate.perSecond, perSecond >= 1, perSecond < 1e15 {
            parts.append(Quantities.text(bytes: Int(perSecond)) + "/s")
        }
        if let total = totalByteCount, total > doneByteCount, let left = rate.timeLeft(until: total),
            left < .seconds(1e8)
        {
            parts.append(Quantities.text(left) + " left")
        }
        parts.append(detail)
        return String(parts.filter { !$0.isEmpty }.joined(separator: "  ").prefix(max(1, width - 1)))
    }
}
