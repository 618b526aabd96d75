import Primitives
import TestSupport
import Testing

private struct HashVectors: Decodable {
    struct Case: Decodable {
        let input: String
        let twox64: String
        let twox128: String
        let twox256: String
        let blake2_128: String
        let blake2_256: String
    }
    let hashes: [Case]
}

struct HashVectorTests {
    @Test func `xxHash64 and BLAKE2b give what Substrate's hashers give`() throws {
        for vector in try Vectors.load("cess/storage_keys.json", as: HashVectors.self).hashes {
            let input = try #require([UInt8](hex: vector.input))
            func twox(_ words: UInt64) -> String {
                "0x"
                    + (0..<words).flatMap { seed in
                        let hash = XXHash64.hash(input.span, seed: seed)
                        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
                    }.hex
            }
            #expect(twox(1) == vector.twox64)
            #expect(twox(2) == vector.twox128)
            #expect(twox(4) == vector.twox256)
            #expect("0x" + BLAKE2b.hash(input, byteCount: 16).hex == vector.blake2_128)
            #expect("0x" + BLAKE2b.hash256(input).hex == vector.blake2_256)
            #expect("0x" + BLAKE2b.hash(input, byteCount: 32).hex == vector.blake2_256)
        }
    }

    @Test func `SHA-256 is the same in one piece and in several`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var stream = SHA256Stream()
        for start in stride(from: 0, to: 1000, by: 37) { stream.update(Array(bytes[start..<min(start + 37, 1000)])) }
        #expect(stream.finish() == SHA256.hash(bytes))
        #expect(
            SHA256.hash(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(stream.finish() == SHA256.hash([]), "a finished stream starts anew")
    }

    @Test func `a keyed BLAKE2b depends on its key`() {
        let message = Array("message".utf8)
        let key = [UInt8](0..<32)
        #expect(BLAKE2b.hash256(message, key: key) != BLAKE2b.hash256(message))
        #expect(BLAKE2b.hash256(message, key: key).bytes == BLAKE2b.hash(message.span, key: key.span, byteCount: 32))
    }

    @Test func `hexadecimal of either case and with 0x is read, anything else is not`() {
        #expect([UInt8](hex: "0xAbcD") == [0xab, 0xcd])
        #expect([UInt8](hex: "") == [])
        #expect([UInt8](hex: "abc") == nil)
        #expect([UInt8](hex: "0xgg") == nil)
        #expect([UInt8](hex: "00x1") == nil)
        #expect([UInt8]([0, 255, 16]).hex == "00ff10")
    }

    @Test func `values of 32 bytes compare as their bytes do`() throws {
        let low = try #require(Bytes32([UInt8](repeating: 0, count: 31) + [1]))
        let high = try #require(Bytes32([1] + [UInt8](repeating: 0, count: 31)))
        #expect(low < high)
        #expect(Bytes32(high.bytes) == high)
        #expect(Bytes32([1, 2, 3]) == nil)
        #expect(Bytes32(hex: high.hex) == high)
    }
}
