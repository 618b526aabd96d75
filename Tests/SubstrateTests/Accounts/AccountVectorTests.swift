import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

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
    struct Derivation: Decodable {
        let suri: String
        let path: String
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
        let public_key: String
    }
    let mnemonics: [Phrase]
    let derivations: [Derivation]
    let invalid_mnemonics: [InvalidPhrase]
    let invalid_addresses: [InvalidAddress]
    let ss58_layout: Layout
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
        let account = try SS58.decode(vectors.ss58_layout.address).account
        #expect("0x" + account.bytes.hex == vectors.ss58_layout.public_key)
    }
}
