/// How much of the drive is asked for at once: as much as makes it come faster, and no more, so that what somebody asks for next does
/// not have to wait behind it.
///
/// Nothing is known of the line. So more is asked for, and where that has made nothing faster, less again; now and then it is tried
/// anew, since lines change.
struct FetchPace {
    /// What may be on its way at once, in bytes.
    private(set) var limit: UInt64 = 1 << 20
    /// What was asked for and is not in the cache yet.
    private(set) var outstandingByteCount: UInt64 = 0

    /// From one look at the rate to the next.
    private struct Round {
        let start: ContinuousClock.Instant
        var byteCount: UInt64 = 0
        /// Of each piece: what came of all of them while it was on its way, and how long that was.
        var deliveredByteCount: Double = 0
        var seconds: Double = 0
        /// Whether more would have been asked for.
        var isBound = false
    }

    /// When a piece was asked for, and what had come until then.
    struct Mark {
        let start: ContinuousClock.Instant
        fileprivate let deliveredByteCount: UInt64
    }

    private var round: Round?
    private var deliveredByteCount: UInt64 = 0
    /// Bytes a second.
    private var bestRate: Double = 0
    /// Whether the limit was raised, and nobody knows yet what that is good for.
    private var isTrying = false
    private var quietRounds = 0

    private static let limits: ClosedRange<UInt64> = 512 << 10...16 << 20
    private static let pieceLimits: ClosedRange<UInt64> = 256 << 10...2 << 20
    private static let pieceSeconds = 0.05
    private static let leastRound: Duration = .milliseconds(50)
    private static let gain = 1.2
    private static let loss = 0.6
    private static let roundsBetweenTries = 16

    /// How long the next piece may be; nil where enough is on its way.
    mutating func room() -> UInt64? {
        // As long as it takes a moment to come: short pieces cost more for each byte.
        let wanted = UInt64(bestRate * Self.pieceSeconds) & ~(Self.pieceLimits.lowerBound - 1)
        let piece = min(max(wanted, Self.pieceLimits.lowerBound), Self.pieceLimits.upperBound)
        if outstandingByteCount == 0 || outstandingByteCount + piece <= max(limit, 4 * piece) { return piece }
        round?.isBound = true
        return nil
    }

    mutating func began(_ byteCount: UInt64, at now: ContinuousClock.Instant) -> Mark {
        outstandingByteCount += byteCount
        return Mark(start: now, deliveredByteCount: deliveredByteCount)
    }

    mutating func came(_ byteCount: UInt64, since mark: Mark, at now: ContinuousClock.Instant) {
        deliveredByteCount += byteCount
        var current = round ?? Round(start: now)
        current.byteCount += byteCount
        current.deliveredByteCount += Double(deliveredByteCount - mark.deliveredByteCount)
        current.seconds += max((now - mark.start) / .seconds(1), 1e-6)
        round = current
        guard current.byteCount >= 2 * limit, now - current.start >= Self.leastRound else { return }
        round = nil
        if current.isBound { judge(current.deliveredByteCount / current.seconds) }
    }

    private mutating func judge(_ rate: Double) {
        let wasTrying = isTrying
        isTrying = false
        quietRounds += 1
        if rate > bestRate * Self.gain {
            bestRate = rate
            raise()
        } else if wasTrying {
            lower()
        } else if rate < bestRate * Self.loss {
            bestRate = rate
            lower()
        } else if quietRounds >= Self.roundsBetweenTries {
            bestRate = rate
            raise()
        }
    }

    private mutating func raise() {
        (isTrying, quietRounds) = (true, 0)
        limit = min(limit * 2, Self.limits.upperBound)
    }

    private mutating func lower() { limit = max(limit / 2, Self.limits.lowerBound) }

    mutating func ended(_ byteCount: UInt64) { outstandingByteCount -= byteCount }
}
