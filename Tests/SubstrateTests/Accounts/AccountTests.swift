import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

struct AccountTests {
    @Test func `a phrase is read in any case and with any white space`() throws {
        let phrase = try Mnemonic(
            phrase: "  Bottom drive\tobey lake\ncurtain smoke basket HOLD race lonely fit walk \n")
        #expect(phrase.phrase == Mnemonic.development.phrase)
    }

    @Test func `an unknown word is named by its place, not by itself`() {
        #expect(throws: AccountError.unknownWord(position: 3)) {
            try Mnemonic(phrase: "bottom drive secretword lake curtain smoke basket hold race lonely fit walk")
        }
    }

    @Test(arguments: [12, 15, 18, 21, 24]) func `a generated phrase is read back`(words: Int) throws {
        let made = Mnemonic.generate(words: words)
        #expect(made.words.count == words)
        #expect(try Mnemonic(phrase: made.phrase).entropy.equals(made.entropy))
        #expect(!Mnemonic.generate(words: words).entropy.equals(made.entropy))
    }

    @Test func `every address of the three networks is read back with its prefix`() throws {
        for prefix in [0, 2, 42, 63, 64, 255, 256, 11330, 11331, 16383] as [UInt16] {
            let account = KeyPair.throwaway().accountID
            let decoded = try SS58.decode(SS58.encode(account, prefix: prefix))
            #expect(decoded.account == account)
            #expect(decoded.prefix == prefix)
        }
        #expect(SS58.encode(KeyPair.throwaway().accountID, prefix: SS58.cessMainnet).hasPrefix("ce"))
    }

    @Test(arguments: ["1", "z", "111111111111", String(repeating: "z", count: 10_000), "cX\u{0}", "ünïcödé", " "])
    func `odd text is not an address`(text: String) {
        #expect(throws: AccountError.self) { try SS58.decode(text) }
    }

    @Test func `a secret URI without a phrase means the development phrase`() throws {
        let alice = try KeyPair(suri: "//Alice").accountID
        #expect(
            alice.bytes.hex == "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
        #expect(try KeyPair(suri: Mnemonic.development.phrase + "//Alice").accountID == alice)
        #expect(try KeyPair(suri: "//Alice///pass").accountID != alice)
    }

    @Test func `a hexadecimal seed is a mini secret`() throws {
        let seed = Mnemonic.development.miniSecret()
        let hex = seed.withBytes { span in (0..<span.count).map { span[$0] } }.hex
        #expect(try KeyPair(suri: "0x" + hex).accountID == KeyPair(miniSecret: seed).accountID)
    }

    @Test(arguments: [
        "word", "0x12", "0xzz", "//", "//Alice/", "/", "0x" + String(repeating: "00", count: 32) + "///p",
    ])
    func `a malformed secret URI is refused`(suri: String) {
        #expect(throws: AccountError.self) { try KeyPair(suri: suri) }
    }

    @Test func `Ed25519 and ECDSA have no soft derivation`() {
        #expect(throws: AccountError.softDerivation) { try Ed25519KeyPair(suri: "//Alice/soft") }
        #expect(throws: AccountError.softDerivation) { try Secp256k1KeyPair(suri: "/soft") }
    }

    @Test func `a multi-signature of each kind verifies for its account and message only`() throws {
        let message = Array("payload".utf8)
        let sr25519 = try KeyPair(suri: "//Alice")
        let ed25519 = try Ed25519KeyPair(suri: "//Alice")
        let ecdsa = try Secp256k1KeyPair(suri: "//Alice")
        let signatures: [(MultiSignature, AccountID)] = [
            (.sr25519(sr25519.sign(message)), sr25519.accountID),
            (.ed25519(ed25519.sign(message)), ed25519.accountID),
            (.ecdsa(ecdsa.sign(digest: BLAKE2b.hash256(message))), ecdsa.accountID),
        ]
        for (signature, account) in signatures {
            #expect(signature.verify(message, by: account))
            #expect(!signature.verify(message + [0], by: account))
            #expect(!signature.verify(message, by: KeyPair.throwaway().accountID))
            #expect(try MultiSignature(scaleBytes: signature.scaleBytes) == signature)
        }
        #expect(throws: ScaleError.self) { try MultiSignature(scaleBytes: [3] + [UInt8](repeating: 0, count: 64)) }
        #expect(throws: ScaleError.self) { try MultiSignature(scaleBytes: [2] + [UInt8](repeating: 0, count: 64)) }
    }
}

private struct HTTPSignatureVectors: Decodable {
    struct Raw: Decodable {
        let signed_bytes: String
        let Signature_hex: String
    }
    struct Node: Decodable {
        let account: String
        let account_42: String
        let message: String
        let raw: Raw
        let wrapped: Raw
    }
    struct Token: Decodable {
        let account: String
        let message: String
        let signed_bytes: String
        let sign: String
    }
    struct Authorization: Decodable {
        let auth_puk: String
        let oss: String
        let exp: UInt32
        let payload_scale: String
        let signed_bytes: String
        let sig: String
    }
    struct Forms: Decodable {
        let miner_and_gateway: Node
        let cd2n_gentoken: Token
        let oss_proxy_authorzie: Authorization
    }
    struct Extrinsics: Decodable {
        struct Other: Decodable {
            let crypto: String
            let signer_public: String
            let signed_bytes: String
            let signature: String
        }
        let other_signature_types: [Other]
    }
    let http: Forms
}

struct SignedFormTests {
    private let forms: HTTPSignatureVectors.Forms

    init() throws { forms = try Vectors.load("cess/signatures.json", as: HTTPSignatureVectors.self).http }

    @Test func `a node's request may sign its message raw or wrapped`() throws {
        let node = forms.miner_and_gateway
        let account = try SS58.decode(node.account).account
        #expect(try SS58.decode(node.account_42).account == account)
        let wrapped = Array("<Bytes>".utf8) + Array(node.message.utf8) + Array("</Bytes>".utf8)
        for (form, message) in [(node.raw, Array(node.message.utf8)), (node.wrapped, wrapped)] {
            #expect([UInt8](hex: form.signed_bytes) == message)
            let signature = try #require([UInt8](hex: form.Signature_hex))
            #expect(MultiSignature.sr25519(signature).verify(message, by: account))
        }
    }

    @Test func `a gateway's token signs the hash of its message`() throws {
        let token = forms.cd2n_gentoken
        let message =
            Array("<Bytes>".utf8) + SHA256.hash(Array(token.message.utf8)).bytes + Array("</Bytes>".utf8)
        #expect([UInt8](hex: token.signed_bytes) == message)
        let signature = try #require([UInt8](hex: token.sign))
        #expect(MultiSignature.sr25519(signature).verify(message, by: try SS58.decode(token.account).account))
    }

    @Test func `an authorisation by another hand signs operator and expiry`() throws {
        let form = forms.oss_proxy_authorzie
        let user = AccountID(try #require(Bytes32(hex: form.auth_puk)))
        var payload = ScaleEncoder()
        payload.encode(AccountID(try #require(Bytes32(hex: form.oss))))
        payload.integer(form.exp)
        #expect("0x" + payload.bytes.hex == form.payload_scale)
        let message = Array("<Bytes>".utf8) + payload.bytes + Array("</Bytes>".utf8)
        #expect([UInt8](hex: form.signed_bytes) == message)
        #expect(MultiSignature.sr25519(try #require([UInt8](hex: form.sig))).verify(message, by: user))
    }

    @Test func `Ed25519 and ECDSA signatures of extrinsics verify`() throws {
        let file = try Vectors.load("cess/extrinsics.json", as: HTTPSignatureVectors.Extrinsics.self)
        for vector in file.other_signature_types {
            let account = AccountID(try #require(Bytes32(hex: vector.signer_public)))
            let bytes = try #require([UInt8](hex: vector.signature))
            let signature: MultiSignature = vector.crypto == "ecdsa" ? .ecdsa(bytes) : .ed25519(bytes)
            #expect(signature.verify(try #require([UInt8](hex: vector.signed_bytes)), by: account), "\(vector.crypto)")
        }
    }
}
