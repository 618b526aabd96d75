import Primitives
import SCALE
import TestSupport
import Testing

@testable import Substrate

private struct AccountVectors: Decodable {
    struct Key: Decodable {
        let public_key: String
        let ss58_11330: String
        let ss58_42: String
        let ss58_0: String?
    }
    struct Phrase: Decodable {
        let mnemonic: String
        let password: String
        let words: Int
        let entropy: String
        let seed64: String
        let mini_secret: String
        let sr25519: Key
        let ed25519: Key
    }
    struct Junction: Decodable {
        let hard: Bool
        let chain_code: String
    }
    struct Derivation: Decodable {
        let suri: String
        let path: String
        let junctions: [Junction]
        let crypto: String
        let public_key: String
        let ss58_11330: String
        let ss58_42: String
    }
    struct InvalidPhrase: Decodable {
        let mnemonic: String
        let why: String
    }
    struct InvalidAddress: Decodable {
        let address: String
        let why: String
    }
    struct Layout: Decodable {
        let address: String
        let base58_decoded: String
        let prefix_bytes: String
        let public_key: String
        let checksum: String
        let checksum_preimage: String
        let blake2b_512: String
    }
    struct Ethereum: Decodable {
        let mnemonic: String
        let public_key: String
    }
    let mnemonics: [Phrase]
    let derivations: [Derivation]
    let invalid_mnemonics: [InvalidPhrase]
    let invalid_addresses: [InvalidAddress]
    let ss58_layout: Layout
    let ecdsa_ethereum_style: Ethereum
}

private func bytes(_ secret: Secret) -> [UInt8] { secret.withBytes { span in (0..<span.count).map { span[$0] } } }

struct AccountVectorTests {
    private let vectors: AccountVectors

    init() throws { vectors = try Vectors.load("cess/accounts.json") }

    @Test func `a phrase gives its entropy, seed, keys and addresses`() throws {
        for vector in vectors.mnemonics {
            let phrase = try Mnemonic(phrase: vector.mnemonic)
            #expect("0x" + bytes(phrase.entropy).hex == vector.entropy)
            #expect(phrase.phrase == vector.mnemonic)
            #expect(phrase.words.count == vector.words)
            #expect("0x" + bytes(phrase.seed64(passphrase: vector.password)).hex == vector.seed64)
            let miniSecret = phrase.miniSecret(passphrase: vector.password)
            #expect("0x" + bytes(miniSecret).hex == vector.mini_secret)
            try expect(KeyPair(miniSecret: miniSecret).accountID, vector.sr25519)
            try expect(KeyPair(phrase, passphrase: vector.password).accountID, vector.sr25519)
            try expect(Ed25519KeyPair(seed: miniSecret).accountID, vector.ed25519)
        }
    }

    private func expect(_ account: AccountID, _ key: AccountVectors.Key) throws {
        #expect("0x" + account.bytes.hex == key.public_key)
        for (prefix, address) in [(SS58.cessTestnet, key.ss58_11330), (SS58.generic, key.ss58_42), (0, key.ss58_0)] {
            guard let address else { continue }
            #expect(SS58.encode(account, prefix: prefix) == address)
            let decoded = try SS58.decode(address)
            #expect(decoded.account == account && decoded.prefix == prefix)
        }
    }

    @Test func `derivation paths lead to their keys`() throws {
        for vector in vectors.derivations {
            let junctions = try SecretURI(vector.suri).junctions
            #expect(junctions.map(\.isHard) == vector.junctions.map(\.hard), "\(vector.path)")
            #expect(junctions.map { "0x" + $0.chainCode.hex } == vector.junctions.map(\.chain_code), "\(vector.path)")
            #expect(vector.suri.hasSuffix(vector.path))
            let account =
                vector.crypto == "sr25519"
                ? try KeyPair(suri: vector.suri).accountID : try Ed25519KeyPair(suri: vector.suri).accountID
            #expect("0x" + account.bytes.hex == vector.public_key, "\(vector.crypto) \(vector.path)")
            #expect(SS58.encode(account, prefix: SS58.cessTestnet) == vector.ss58_11330)
            #expect(SS58.encode(account, prefix: SS58.generic) == vector.ss58_42)
        }
    }

    @Test func `phrases that are none are refused`() {
        for vector in vectors.invalid_mnemonics {
            #expect(throws: AccountError.self, "\(vector.why)") { try Mnemonic(phrase: vector.mnemonic) }
        }
    }

    @Test func `addresses that are none are refused`() {
        for vector in vectors.invalid_addresses {
            #expect(throws: AccountError.self, "\(vector.why)") { try SS58.decode(vector.address) }
        }
    }

    @Test func `the example address has its layout`() throws {
        let layout = vectors.ss58_layout
        let account = try SS58.decode(layout.address).account
        #expect("0x" + account.bytes.hex == layout.public_key)
        let address = try #require(Base58.decode(SS58.encode(account, prefix: SS58.cessTestnet)))
        #expect("0x" + address.hex == layout.base58_decoded)
        #expect("0x" + address.prefix(2).hex == layout.prefix_bytes)
        #expect(address[2..<34] == account.bytes.bytes[...])
        #expect("0x" + address.suffix(2).hex == layout.checksum)
        let preimage = Array("SS58PRE".utf8) + address.prefix(34)
        #expect("0x" + preimage.hex == layout.checksum_preimage)
        #expect("0x" + BLAKE2b.hash(preimage, byteCount: 64).hex == layout.blake2b_512)
    }

    /// No account of this program is derived as Ethereum does it; such a key has 20 bytes.
    @Test func `an Ethereum key of the same phrase is told apart from an account`() throws {
        let vector = vectors.ecdsa_ethereum_style
        let key = try #require([UInt8](hex: vector.public_key))
        #expect(Bytes32(key) == nil)
        let prefixed = [UInt8(SS58.generic)] + key
        let checksum = BLAKE2b.hash(Array("SS58PRE".utf8) + prefixed, byteCount: 64).prefix(2)
        let address = Base58.encode(prefixed + checksum)
        #expect(throws: AccountError.addressByteCount(23)) { try SS58.decode(address) }
        let accounts = [
            try KeyPair(suri: vector.mnemonic).accountID, try Ed25519KeyPair(suri: vector.mnemonic).accountID,
            try Secp256k1KeyPair(suri: vector.mnemonic).accountID,
        ]
        for account in accounts { #expect(!account.bytes.hex.contains(key.hex)) }
    }
}
