public import Primitives
internal import SCALE

/// An account's sr25519 key pair.
public struct KeyPair: Sendable {
    private let pair: Sr25519KeyPair

    /// - Precondition: `miniSecret` has 32 bytes.
    public init(miniSecret: Secret) { pair = Sr25519KeyPair(miniSecret: miniSecret) }

    public init(_ pair: Sr25519KeyPair) { self.pair = pair }

    /// The account of a recovery phrase, as every Substrate wallet makes it.
    public init(_ mnemonic: Mnemonic, passphrase: String = "") {
        self.init(miniSecret: mnemonic.miniSecret(passphrase: passphrase))
    }

    /// `<phrase or 0x seed>[//hard][/soft]…[///passphrase]`; text that begins with `/` means the development phrase.
    public init(suri: String) throws(AccountError) {
        let uri = try SecretURI(suri)
        var pair = Sr25519KeyPair(miniSecret: uri.miniSecret)
        for junction in uri.junctions {
            pair =
                junction.isHard
                ? pair.hardDerived(chainCode: junction.chainCode) : pair.softDerived(chainCode: junction.chainCode)
        }
        self.pair = pair
    }

    /// A pair that nobody keeps: for signatures that only have to be valid.
    public static func throwaway() -> KeyPair { KeyPair(miniSecret: .random(byteCount: 32)) }

    public var publicKey: Bytes32 { pair.publicKey }
    public var accountID: AccountID { AccountID(pair.publicKey) }

    /// A 64-byte signature; no two are equal.
    public func sign(_ message: [UInt8], context: String = "substrate") -> [UInt8] {
        pair.sign(message, context: context)
    }
}

extension Ed25519KeyPair {
    /// As `KeyPair(suri:)`; only hard junctions exist.
    public init(suri: String) throws(AccountError) {
        let uri = try SecretURI(suri)
        self.init(seed: try uri.hardDerived(tag: "Ed25519HDKD"))
    }

    public var accountID: AccountID { AccountID(publicKey) }
}

extension Secp256k1KeyPair {
    /// As `KeyPair(suri:)`; only hard junctions exist.
    public init(suri: String) throws(AccountError) {
        let uri = try SecretURI(suri)
        guard let pair = Secp256k1KeyPair(secretKey: try uri.hardDerived(tag: "Secp256k1HDKD")) else { throw .seed }
        self = pair
    }

    public var accountID: AccountID { AccountID(BLAKE2b.hash256(publicKey)) }
}

extension SecretURI {
    /// BLAKE2b-256(SCALE(tag) ‖ seed ‖ chain code) for each junction in turn.
    fileprivate func hardDerived(tag: String) throws(AccountError) -> Secret {
        var seed = miniSecret
        for junction in junctions {
            guard junction.isHard else { throw .softDerivation }
            var stream = BLAKE2bStream()
            stream.update(tag.scaleBytes.span)
            seed.withBytes { stream.update($0) }
            stream.update(junction.chainCode.span)
            var child = stream.finish().bytes
            seed = Secret(taking: &child)
        }
        return seed
    }
}

extension String {
    fileprivate var scaleBytes: [UInt8] {
        var encoder = ScaleEncoder()
        encoder.string(self)
        return encoder.bytes
    }
}
