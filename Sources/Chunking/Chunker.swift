public import Primitives

/// Cuts a stream of bytes where its content says so, so that an insertion changes the chunks around it and no others.
///
/// FastCDC with a gear table drawn from a secret: without it, chunk lengths do not tell which public file was cut.
/// A value of 2 KiB that any number of tasks may share.
///
/// Format: Docs/Format/Chunks.md.
public struct Chunker: Sendable {
    /// No chunk is shorter, save the last of a stream.
    public static let minimumByteCount = 256 << 10
    /// Where cutting becomes easy; the mean length of random data's chunks is some 10 % more.
    public static let averageByteCount = 1 << 20
    /// No chunk is longer.
    public static let maximumByteCount = 4 << 20

    /// A cut lies where the hash of the last 64 bytes is below a bound: 1 place in 2²² before the average, 1 in 2¹⁸
    /// after it.
    static let hardBound: UInt64 = 1 << (64 - 22)
    static let easyBound: UInt64 = 1 << (64 - 18)
    /// How many bytes the hash depends on: older ones have been shifted out.
    static let hashedByteCount = 64

    /// 256 values for a byte, then the same shifted left by one for the byte before it.
    private let gear: [UInt64]

    /// - Parameter seed: the drive's chunker seed, 32 bytes.
    public init(seed: Secret) {
        let table = Self.gearTable(seed: seed)
        gear = table + table.map { $0 << 1 }
    }

    /// The table of Docs/Format/Chunks.md: 32 digests of 64 bytes, read as little-endian words.
    static func gearTable(seed: Secret) -> [UInt64] {
        seed.withBytes { key in
            (0..<32 as Range<UInt8>).flatMap { block in
                let digest = BLAKE2b.hash((Array("cessdrive/gear/1".utf8) + [block]).span, key: key, byteCount: 64)
                return stride(from: 0, to: 64, by: 8).map { start in
                    digest[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
                }
            }
        }
    }

    /// The length of the chunk that begins where the window begins.
    ///
    /// A stream is cut by filling a window, cutting, moving on by the answer, and refilling. A window of
    /// `maximumByteCount` bytes always has an answer, so memory stays bounded; a shorter one that is not the last may
    /// have to be scanned again.
    ///
    /// - Parameters:
    ///   - window: what follows in the stream; bytes beyond the maximum are not looked at.
    ///   - isLast: whether the stream ends with the window.
    /// - Returns: the chunk's length; nil if that takes more bytes than there are, or if the stream has ended.
    public func cut(_ window: Span<UInt8>, isLast: Bool) -> Int? {
        let count = min(window.count, Self.maximumByteCount)
        if count > Self.minimumByteCount {
            let length = unsafe window.withUnsafeBufferPointer { bytes in
                unsafe gear.withUnsafeBufferPointer { gear in unsafe Self.scan(bytes, gear, count: count) }
            }
            if let length { return length }
        }
        if count == Self.maximumByteCount { return count }
        return isLast && count > 0 ? count : nil
    }

    /// The shortest length from the minimum on, and below `count`, at which the hash allows a cut.
    private static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, _ gear: UnsafeBufferPointer<UInt64>, count: Int
    ) -> Int? {
        var hash: UInt64 = 0
        for index in minimumByteCount - hashedByteCount..<minimumByteCount {
            hash = unsafe (hash << 1) &+ gear[Int(bytes[index])]
        }
        if hash < hardBound { return minimumByteCount }
        // Both lengths are even, and so is the way from one to the other: two bytes a step (Docs/Format/Chunks.md).
        var index = minimumByteCount
        for (end, bound) in [(min(averageByteCount, count), hardBound), (count, easyBound)] {
            while index + 1 < end {
                let (first, second) = unsafe (Int(bytes[index]), Int(bytes[index + 1]))
                let middle = unsafe (hash << 1) &+ gear[first]
                hash = unsafe (hash << 2) &+ (gear[first + 256] &+ gear[second])
                if middle < bound { return index + 1 }
                index += 2
                if hash < bound { return index }
            }
            if index < end {
                hash = unsafe (hash << 1) &+ gear[Int(bytes[index])]
                index += 1
                if hash < bound { return index }
            }
        }
        return nil
    }
}
