internal import CSodium

/// STROBE-128 (https://strobe.sourceforge.io), the four operations that Merlin uses of it.
///
/// A copy is a fork. Whoever keys one with a secret calls `wipe` on it when done.
struct Strobe128 {
    private static let rate = 166

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let inbound = Flags(rawValue: 1)
        static let application = Flags(rawValue: 2)
        static let cipher = Flags(rawValue: 4)
        static let meta = Flags(rawValue: 16)
        static let key = Flags(rawValue: 32)
    }

    private var state = [UInt64](repeating: 0, count: 25)
    private var position = 0
    private var operationStart: UInt8 = 0

    init(protocolLabel: String) {
        let header: [UInt8] = [1, UInt8(Self.rate + 2), 1, 0, 1, 96] + "STROBEv1.0.2".utf8
        for (index, byte) in header.enumerated() { mix(byte, at: index) }
        Keccak.permute(&state)
        meta(Array(protocolLabel.utf8), continuing: false)
    }

    /// Absorbs framing.
    mutating func meta(_ bytes: [UInt8], continuing: Bool) {
        if !continuing { begin([.meta, .application]) }
        absorb(bytes)
    }

    /// Absorbs data.
    mutating func absorbData(_ bytes: [UInt8]) {
        begin([.application])
        absorb(bytes)
    }

    /// Mixes a key in, irreversibly.
    mutating func key(_ bytes: Span<UInt8>) {
        begin([.application, .cipher])
        for index in 0..<bytes.count {
            let mask = UInt64(0xff) << (8 * (position % 8))
            state[position / 8] &= ~mask
            mix(bytes[index], at: position)
            advance()
        }
    }

    /// `count` bytes that depend on everything so far.
    mutating func squeeze(_ count: Int) -> [UInt8] {
        begin([.inbound, .application, .cipher])
        var output: [UInt8] = []
        output.reserveCapacity(count)
        for _ in 0..<count {
            let byte = UInt8(truncatingIfNeeded: state[position / 8] >> (8 * (position % 8)))
            output.append(byte)
            mix(byte, at: position)  // leaves zero
            advance()
        }
        return output
    }

    mutating func wipe() {
        state.withUnsafeMutableBytes { cessdrive_wipe($0.baseAddress, $0.count) }
    }

    private mutating func begin(_ flags: Flags) {
        let previousStart = operationStart
        operationStart = UInt8(position + 1)
        absorb([previousStart, flags.rawValue])
        if !flags.isDisjoint(with: [.cipher, .key]), position != 0 { permute() }
    }

    private mutating func absorb(_ bytes: [UInt8]) {
        for byte in bytes {
            mix(byte, at: position)
            advance()
        }
    }

    private mutating func advance() {
        position += 1
        if position == Self.rate { permute() }
    }

    private mutating func permute() {
        mix(operationStart, at: position)
        mix(0x04, at: position + 1)
        mix(0x80, at: Self.rate + 1)
        Keccak.permute(&state)
        position = 0
        operationStart = 0
    }

    private mutating func mix(_ byte: UInt8, at index: Int) {
        state[index / 8] ^= UInt64(byte) << (8 * (index % 8))
    }
}

/// Keccak-f[1600] (FIPS 202, section 3). libsodium and libcrypto have it, but do not export it.
enum Keccak {
    private static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    /// The lanes in the order in which ρ and π visit them, and how far ρ rotates each.
    private static let lanes = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]
    private static let rotations: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]

    static func permute(_ state: inout [UInt64]) {
        state.withUnsafeMutableBufferPointer { lanes in
            for constant in roundConstants { round(lanes, constant) }
        }
    }

    private static func round(_ a: UnsafeMutableBufferPointer<UInt64>, _ constant: UInt64) {
        // θ
        let c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20]
        let c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21]
        let c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22]
        let c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23]
        let c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24]
        let d0 = c4 ^ rotate(c1, 1)
        let d1 = c0 ^ rotate(c2, 1)
        let d2 = c1 ^ rotate(c3, 1)
        let d3 = c2 ^ rotate(c4, 1)
        let d4 = c3 ^ rotate(c0, 1)
        for row in stride(from: 0, to: 25, by: 5) {
            a[row] ^= d0
            a[row + 1] ^= d1
            a[row + 2] ^= d2
            a[row + 3] ^= d3
            a[row + 4] ^= d4
        }
        // ρ and π
        var moved = a[1]
        for index in 0..<24 {
            let lane = lanes[index]
            let next = a[lane]
            a[lane] = rotate(moved, rotations[index])
            moved = next
        }
        // χ
        for row in stride(from: 0, to: 25, by: 5) {
            let (b0, b1, b2, b3, b4) = (a[row], a[row + 1], a[row + 2], a[row + 3], a[row + 4])
            a[row] = b0 ^ (~b1 & b2)
            a[row + 1] = b1 ^ (~b2 & b3)
            a[row + 2] = b2 ^ (~b3 & b4)
            a[row + 3] = b3 ^ (~b4 & b0)
            a[row + 4] = b4 ^ (~b0 & b1)
        }
        // ι
        a[0] ^= constant
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }
}
