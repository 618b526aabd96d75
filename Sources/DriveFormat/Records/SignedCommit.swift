public import SCALE

/// A commit with its signature: the plaintext of a blob of kind `commit`.
public struct SignedCommit: Equatable, Sendable, ScaleCodable {
    public let commit: Commit
    public let signer: Signer
    /// sr25519, 64 bytes, context `Commit.signingContext`.
    public let signature: [UInt8]

    /// - Precondition: `signature` has 64 bytes.
    public init(commit: Commit, signer: Signer, signature: [UInt8]) {
        precondition(signature.count == 64)
        self.commit = commit
        self.signer = signer
        self.signature = signature
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        commit = try decoder.decode()
        signer = try decoder.decode()
        signature = try decoder.raw(64)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(commit)
        encoder.encode(signer)
        encoder.raw(signature)
    }

    public enum Signer: UInt8, Sendable, ScaleCodable {
        /// The drive's account.
        case account = 0
        /// The commit's `device`, whose certificate is in the commit's key ring.
        case device = 1

        public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            let offset = decoder.offset
            let index = try decoder.byte()
            guard let signer = Signer(rawValue: index) else {
                throw .unknownVariant(index, type: "Signer", offset: offset)
            }
            self = signer
        }

        public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
    }
}
