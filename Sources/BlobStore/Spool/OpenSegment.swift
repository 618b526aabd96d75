internal import DriveFormat
internal import Synchronization

/// The segment that is being filled and the one before it while its write is under way, shared between the writer and
/// whoever reads back what was just stored.
final class OpenSegment: Sendable {
    private struct State {
        var filling: SegmentBuilder?
        var writing: SegmentBuilder?
    }

    private let state = Mutex(State())

    func fill(_ new: SegmentBuilder?) { state.withLock { $0.filling = new } }

    /// The full segment goes on being readable until `written`.
    func beginWrite() { state.withLock { $0.writing = $0.filling.take() } }

    func written() { state.withLock { $0.writing = nil } }

    /// - Precondition: a segment is open.
    func withBuilder<R: Sendable>(_ body: (inout SegmentBuilder) throws -> R) rethrows -> R {
        try state.withLock { state in
            guard var current = state.filling.take() else { preconditionFailure("no segment is open") }
            defer { state.filling = current }
            return try body(&current)
        }
    }

    func bytes(volume: VolumeID, segment: Int, range: Range<Int>) -> [UInt8]? {
        state.withLock {
            for builder in [$0.filling, $0.writing] {
                guard let builder, builder.volume == volume, builder.number == segment,
                    range.upperBound <= builder.used
                else { continue }
                return Array(builder.bytes[range])
            }
            return nil
        }
    }
}
