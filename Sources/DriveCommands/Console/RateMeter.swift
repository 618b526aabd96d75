/// How fast something goes: over the last few seconds, so that it follows what happens but does not flicker.
struct RateMeter {
    private var samples: [(time: Duration, value: Int)] = []
    private let window: Duration

    init(window: Duration = .seconds(8)) { self.window = window }

    /// Notes that `value` was reached at `time`; a value that falls (a new stage) starts afresh.
    mutating func add(_ value: Int, at time: Duration) {
        if let last = samples.last, value < last.value { samples = [] }
        samples.append((time, value))
        while samples.count > 2, samples[1].time < time - window { samples.removeFirst() }
    }

    /// In units a second; nil before there is anything to tell.
    var perSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.time - first.time >= .milliseconds(400) else {
            return nil
        }
        return Double(last.value - first.value) / ((last.time - first.time) / .seconds(1))
    }

    /// The time until `total` is reached at this rate; nil if nothing moves.
    func timeLeft(until total: Int) -> Duration? {
        guard let rate = perSecond, rate > 0, let last = samples.last else { return nil }
        return .seconds(max(0, Double(total - last.value) / rate))
    }
}
