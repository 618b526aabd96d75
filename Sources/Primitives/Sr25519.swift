internal import CSodium

/// Schnorr signatures over ristretto255, as schnorrkel makes them: Substrate's usual signature.
public enum Sr25519 {
    public static let signatureByteCount = 64

    /// Whether `signature` is `publicKey`'s over `message` in the signing context `context`.
    ///
    /// Total: a signature of another length, without schnorrkel's marker or with a scalar that is not canonical, and a
    /// key that is not a point are simply not valid.
    public static func verify(
        signature: [UInt8], message: [UInt8], publicKey: Bytes32, context: String = "substrate"
    ) -> Bool {
        guard signature.count == signatureByteCount, signature[63] & 0x80 != 0 else { return false }
        let commitment = Array(signature[..<32])
        var scalar = Array(signature[32...])
        scalar[31] &= 0x7f
        guard Ristretto.isCanonical(scalar) else { return false }

        var transcript = signingTranscript(message: message, context: context, publicKey: publicKey.bytes)
        let challenge = Sr25519.challenge(&transcript, commitment: commitment)
        // s·B = R + k·A holds exactly if s·B − k·A encodes to R, which spares decoding R.
        guard let product = Ristretto.multiply(publicKey.bytes, by: challenge),
            let difference = Ristretto.subtract(product, from: Ristretto.multiplyBase(by: scalar))
        else { return false }
        return difference == commitment
    }

    fileprivate static func signingTranscript(
        message: [UInt8], context: String, publicKey: [UInt8]
    ) -> MerlinTranscript {
        var transcript = MerlinTranscript(label: "SigningContext")
        transcript.append("", Array(context.utf8))
        transcript.append("sign-bytes", message)
        transcript.append("proto-name", Array("Schnorr-sig".utf8))
        transcript.append("sign:pk", publicKey)
        return transcript
    }

    fileprivate static func challenge(_ transcript: inout MerlinTranscript, commitment: [UInt8]) -> [UInt8] {
        transcript.append("sign:R", commitment)
        return Ristretto.reduce(transcript.challenge("sign:c", byteCount: 64))
    }
}

/// An sr25519 key pair. Copies share one secret.
public struct Sr25519KeyPair: Sendable {
    public let publicKey: Bytes32
    /// The scalar, and the seed that nonces are made from; 32 bytes each.
    private let scalar: Secret
    private let nonceSeed: Secret

    /// Expands a mini secret as Substrate does: schnorrkel's Ed25519 mode.
    ///
    /// - Precondition: `miniSecret` has 32 bytes.
    public init(miniSecret: Secret) {
        precondition(miniSecret.byteCount == 32, "a mini secret has 32 bytes")
        var expanded = miniSecret.withBytes { SHA512.hash($0) }
        defer { expanded.wipe() }
        expanded[0] &= 248
        expanded[31] &= 63
        expanded[31] |= 64
        // Divides by the cofactor: schnorrkel multiplies by plain scalars.
        var carry: UInt8 = 0
        for index in (0..<32).reversed() {
            let byte = expanded[index]
            expanded[index] = byte >> 3 | carry
            carry = byte << 5
        }
        self.init(
            scalar: Secret(copying: expanded.span.extracting(..<32)),
            nonceSeed: Secret(copying: expanded.span.extracting(32...)))
    }

    private init(scalar: Secret, nonceSeed: Secret) {
        self.scalar = scalar
        self.nonceSeed = nonceSeed
        guard let key = Bytes32(scalar.withPointer { Ristretto.multiplyBase(by: $0) })
        else { preconditionFailure("a point has 32 bytes") }
        publicKey = key
    }

    /// A 64-byte signature. Randomised: no two are equal.
    public func sign(_ message: [UInt8], context: String = "substrate") -> [UInt8] {
        var transcript = Sr25519.signingTranscript(message: message, context: context, publicKey: publicKey.bytes)
        var wide = transcript.witness("signing", [nonceSeed], byteCount: 64)
        defer { wide.wipe() }
        var nonce = Ristretto.reduce(wide)
        defer { nonce.wipe() }
        let commitment = Ristretto.multiplyBase(by: nonce)
        let challenge = Sr25519.challenge(&transcript, commitment: commitment)
        var product = scalar.withPointer { Ristretto.multiply(scalar: challenge, by: $0) }
        defer { product.wipe() }
        var signature = commitment + Ristretto.add(product, nonce)
        signature[63] |= 0x80  // schnorrkel's marker: not an Ed25519 signature
        return signature
    }

    /// The child that cannot be told from this pair's public key.
    public func hardDerived(chainCode: [UInt8]) -> Sr25519KeyPair {
        var transcript = MerlinTranscript(label: "SchnorrRistrettoHDKD")
        transcript.append("sign-bytes", [])
        transcript.append("chain-code", chainCode)
        var key = scalar.withBytes { span in (0..<span.count).map { span[$0] } }
        defer { key.wipe() }
        transcript.append("secret-key", key)
        var miniSecret = transcript.challenge("HDKD-hard", byteCount: 32)
        return Sr25519KeyPair(miniSecret: Secret(taking: &miniSecret))
    }

    /// The child whose public key follows from this pair's public key.
    public func softDerived(chainCode: [UInt8]) -> Sr25519KeyPair {
        var transcript = MerlinTranscript(label: "SchnorrRistrettoHDKD")
        transcript.append("sign-bytes", [])
        transcript.append("chain-code", chainCode)
        transcript.append("public-key", publicKey.bytes)
        let tweak = Ristretto.reduce(transcript.challenge("HDKD-scalar", byteCount: 64))
        _ = transcript.challenge("HDKD-chaincode", byteCount: 32)  // the nonce seed's fork comes after it
        var nonceSeed = transcript.witness("HDKD-nonce", [self.nonceSeed, scalar], byteCount: 32)
        var child = scalar.withPointer { Ristretto.add(tweak, $0) }
        return Sr25519KeyPair(scalar: Secret(taking: &child), nonceSeed: Secret(taking: &nonceSeed))
    }
}

/// Points and scalars of ristretto255 (RFC 9496), 32 bytes each.
private enum Ristretto {
    static func multiplyBase(by scalar: UnsafePointer<UInt8>) -> [UInt8] {
        var point = [UInt8](repeating: 0, count: 32)
        // Fails only where the result is the identity; its encoding is 32 zeros, whatever libsodium left there.
        if crypto_scalarmult_ristretto255_base(&point, scalar) != 0 { return [UInt8](repeating: 0, count: 32) }
        return point
    }

    /// Nil if `point` is not the encoding of a point, or the product is the identity.
    static func multiply(_ point: [UInt8], by scalar: [UInt8]) -> [UInt8]? {
        var product = [UInt8](repeating: 0, count: 32)
        return crypto_scalarmult_ristretto255(&product, scalar, point) == 0 ? product : nil
    }

    static func subtract(_ point: [UInt8], from other: [UInt8]) -> [UInt8]? {
        var difference = [UInt8](repeating: 0, count: 32)
        return crypto_core_ristretto255_sub(&difference, other, point) == 0 ? difference : nil
    }

    /// 64 bytes as a number modulo the group's order.
    static func reduce(_ wide: [UInt8]) -> [UInt8] {
        precondition(wide.count == 64)
        var scalar = [UInt8](repeating: 0, count: 32)
        crypto_core_ristretto255_scalar_reduce(&scalar, wide)
        return scalar
    }

    static func isCanonical(_ scalar: [UInt8]) -> Bool {
        reduce(scalar + [UInt8](repeating: 0, count: 32)) == scalar
    }

    static func multiply(scalar: [UInt8], by other: UnsafePointer<UInt8>) -> [UInt8] {
        var product = [UInt8](repeating: 0, count: 32)
        crypto_core_ristretto255_scalar_mul(&product, scalar, other)
        return product
    }

    static func add(_ scalar: [UInt8], _ other: UnsafePointer<UInt8>) -> [UInt8] {
        var sum = [UInt8](repeating: 0, count: 32)
        crypto_core_ristretto255_scalar_add(&sum, scalar, other)
        return sum
    }
}
