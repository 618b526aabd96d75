import Primitives
import TestSupport
import Testing

private struct SignatureVectors: Decodable {
    struct Case: Decodable {
        let crypto: String
        let public_key: String
        let message: String
        let signature: String
        let valid: Bool
        let why: String?
    }
    let context: String
    let vectors: [Case]
}

struct SignatureTests {
    @Test func `signatures of other implementations are judged as they judge them`() throws {
        let file = try Vectors.load("cess/signatures.json", as: SignatureVectors.self)
        for vector in file.vectors {
            let key = try #require(Bytes32(hex: vector.public_key))
            let message = try #require([UInt8](hex: vector.message))
            let signature = try #require([UInt8](hex: vector.signature))
            let valid =
                vector.crypto == "sr25519"
                ? Sr25519.verify(signature: signature, message: message, publicKey: key, context: file.context)
                : Ed25519.verify(signature: signature, message: message, publicKey: key)
            #expect(valid == vector.valid, "\(vector.crypto) \(vector.message): \(vector.why ?? "")")
        }
    }

    @Test func `an sr25519 pair verifies what it signs, and nothing else`() {
        let pair = Sr25519KeyPair(miniSecret: .random(byteCount: 32))
        let message = Array("cessdrive".utf8)
        let signature = pair.sign(message)
        #expect(Sr25519.verify(signature: signature, message: message, publicKey: pair.publicKey))
        #expect(pair.sign(message) != signature, "signatures are randomised")
        #expect(!Sr25519.verify(signature: signature, message: [], publicKey: pair.publicKey))
        #expect(
            !Sr25519.verify(signature: signature, message: message, publicKey: pair.publicKey, context: "other"))
        for bit in 0..<512 where bit % 7 == 0 {
            var changed = signature
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!Sr25519.verify(signature: changed, message: message, publicKey: pair.publicKey), "bit \(bit)")
        }
    }

    @Test func `a scalar that is not canonical is refused`() throws {
        let pair = Sr25519KeyPair(miniSecret: .random(byteCount: 32))
        // The group's order, little endian: s + order is the same number modulo the order.
        let order = try #require([UInt8](hex: "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
        var signature = pair.sign([1])
        var carry = 0
        signature[63] &= 0x7f
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        signature[63] |= 0x80
        #expect(!Sr25519.verify(signature: signature, message: [1], publicKey: pair.publicKey))
    }

    @Test func `odd keys and signatures are invalid, not fatal`() throws {
        let notAPoint = try #require(Bytes32([UInt8](repeating: 0xff, count: 32)))
        let signature = Sr25519KeyPair(miniSecret: .random(byteCount: 32)).sign([])
        var zero = [UInt8](repeating: 0, count: 64)
        zero[63] = 0x80
        for key in [notAPoint, .zero] {
            for candidate in [[], [0x80], signature, zero, zero + [0]] {
                #expect(!Sr25519.verify(signature: candidate, message: [], publicKey: key))
                #expect(!Ed25519.verify(signature: candidate, message: [], publicKey: key))
            }
        }
        let digest = SHA256.hash([])
        for candidate in [[], zero, [UInt8](repeating: 0, count: 65), [UInt8](repeating: 0xff, count: 65)] {
            #expect(Secp256k1.recover(signature: candidate, digest: digest) == nil)
        }
    }

    @Test func `an ECDSA signature recovers its key, also with Ethereum's recovery number`() throws {
        let pair = try #require(Secp256k1KeyPair(secretKey: .random(byteCount: 32)))
        let digest = BLAKE2b.hash256(Array("cessdrive".utf8))
        var signature = pair.sign(digest: digest)
        #expect(Secp256k1.recover(signature: signature, digest: digest) == pair.publicKey)
        #expect(Secp256k1.recover(signature: signature, digest: .zero) != pair.publicKey)
        signature[64] += 27
        #expect(Secp256k1.recover(signature: signature, digest: digest) == pair.publicKey)
    }

    @Test func `a secp256k1 secret of zero is refused`() {
        #expect(Secp256k1KeyPair(secretKey: Secret(copying: [UInt8](repeating: 0, count: 32))) == nil)
    }

    @Test func `a soft child's signatures verify under its own key`() {
        let parent = Sr25519KeyPair(miniSecret: .random(byteCount: 32))
        let chainCode = [UInt8](repeating: 7, count: 32)
        let child = parent.softDerived(chainCode: chainCode)
        #expect(child.publicKey == parent.softDerived(chainCode: chainCode).publicKey)
        #expect(child.publicKey != parent.hardDerived(chainCode: chainCode).publicKey)
        #expect(Sr25519.verify(signature: child.sign([1]), message: [1], publicKey: child.publicKey))
    }
}
