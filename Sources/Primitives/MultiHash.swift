internal import CKernels

/// SHA-256 of two streams that grow in step, nearly twice as fast as one after the other where the processor has the
/// SHA instructions (measured on Zen 4: Docs/Format/Fragments.md, "Speed"); elsewhere two streams of libcrypto.
///
/// For public data only (ciphertext, fragments): the kernel is our own, and leaves its state on the stack.
public struct SHA256Pair: ~Copyable, @unchecked Sendable {  // owns all it has; only `mutating` methods touch it
    /// Which implementation hashes; chosen once a stream.
    public enum Kernel: Sendable, CaseIterable {
        /// Two interleaved streams of SHA-NI.
        case interleaved
        /// Two independent streams of libcrypto.
        case libcrypto

        /// Whether this processor can run it.
        public var isSupported: Bool { self == .libcrypto || cessdrive_sha256_pair_supported() }

        /// The faster one here. A build without optimisation takes libcrypto.
        public static let best: Kernel =
            cessdrive_sha256_pair_supported() && cessdrive_sha256_pair_optimized() ? .interleaved : .libcrypto
    }

    private let kernel: Kernel
    private var lanes = (cessdrive_sha256_lane(), cessdrive_sha256_lane())
    private var streams: Streams?

    private struct Streams: ~Copyable {
        var first = SHA256Stream()
        var second = SHA256Stream()
    }

    /// - Precondition: the kernel is supported here.
    public init(kernel: Kernel = .best) {
        precondition(kernel.isSupported)
        self.kernel = kernel
        cessdrive_sha256_lane_reset(&lanes.0)
        cessdrive_sha256_lane_reset(&lanes.1)
        streams = kernel == .libcrypto ? Streams() : nil
    }

    /// Appends to both streams.
    ///
    /// - Precondition: both have the same length; what the streams hold already has the same length modulo 64 (it may
    ///   differ otherwise, when one was finished and began anew).
    public mutating func update(_ first: Span<UInt8>, _ second: Span<UInt8>) {
        precondition(first.count == second.count, "the two streams grow in step")
        precondition(lanes.0.length % 64 == lanes.1.length % 64, "the two streams lie alike in their blocks")
        guard kernel == .interleaved else {
            lanes.0.length &+= UInt64(first.count)
            lanes.1.length &+= UInt64(second.count)
            streams?.first.update(first)
            streams?.second.update(second)
            return
        }
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                cessdrive_sha256_pair_update(&lanes.0, &lanes.1, first.baseAddress, second.baseAddress, first.count)
            }
        }
    }

    /// The digest of the first stream, which starts anew.
    public mutating func finishFirst() -> Bytes32 {
        if kernel == .interleaved { return Self.finish(&lanes.0) }
        lanes.0.length = 0
        return streams?.first.finish() ?? .zero
    }

    /// The digest of the second stream, which starts anew.
    public mutating func finishSecond() -> Bytes32 {
        if kernel == .interleaved { return Self.finish(&lanes.1) }
        lanes.1.length = 0
        return streams?.second.finish() ?? .zero
    }

    /// Both digests; both streams start anew.
    public mutating func finish() -> (Bytes32, Bytes32) { (finishFirst(), finishSecond()) }

    private static func finish(_ lane: inout cessdrive_sha256_lane) -> Bytes32 {
        var digest = [UInt8](repeating: 0, count: 32)
        cessdrive_sha256_lane_finish(&lane, &digest)
        guard let result = Bytes32(digest) else { preconditionFailure("32 bytes are 32 bytes") }
        return result
    }
}

extension SHA256 {
    /// The digests of two byte strings of one length.
    public static func hash(_ first: Span<UInt8>, _ second: Span<UInt8>) -> (Bytes32, Bytes32) {
        var pair = SHA256Pair()
        pair.update(first, second)
        return pair.finish()
    }
}
