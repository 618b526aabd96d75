/// A small reproducible generator: a failing run names its seed.
public struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension [UInt8] {
    public static func random(count: Int, using random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { Swift.withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// The bytes (i × 31 + 7) mod 251 of Tests/Vectors/cess/erasure.json, from an offset on.
    public static func pattern(from start: Int = 0, count: Int) -> [UInt8] {
        let period = (0..<251).map { UInt8((($0 + start % 251) * 31 + 7) % 251) }
        var bytes = period
        bytes.reserveCapacity(2 * count + 502)
        while bytes.count < count { bytes += bytes }  // doubling keeps the period and is fast in debug builds
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
