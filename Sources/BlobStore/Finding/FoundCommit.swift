public import DriveFormat
public import Primitives
public import SCALE
internal import Sealing

/// A commit that was read from the network or made here, its signature verified.
public struct FoundCommit: Equatable, Sendable, ScaleCodable {
    /// The commit's blob, with its place.
    public let blob: BlobReference
    public let signed: SignedCommit
    /// What the network knows of its volume.
    public let fid: Bytes32
    /// The block in which its volume became a file.
    public let completion: UInt32

    public var commit: Commit { signed.commit }
    public var reference: CommitReference { CommitReference(volume: commit.volume, commit: blob.id) }

    public init(blob: BlobReference, signed: SignedCommit, fid: Bytes32, completion: UInt32) {
        self.blob = blob
        self.signed = signed
        self.fid = fid
        self.completion = completion
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        blob = try decoder.decode()
        signed = try decoder.decode()
        fid = try decoder.decode()
        completion = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(blob)
        encoder.encode(signed)
        encoder.encode(fid)
        encoder.integer(completion)
    }

    /// The order of tips: the one that was complete first is the head.
    public static func precedes(_ a: FoundCommit, _ b: FoundCommit) -> Bool {
        (a.completion, a.fid) < (b.completion, b.fid)
    }
}

extension SignedCommit {
    /// Whether the account, or a device that the account has admitted, signed this on this network.
    ///
    /// Format: Docs/Format/Commits.md, "Signature".
    public func verify(account: Bytes32, genesis: Bytes32) throws(StoreError) {
        let key: Bytes32
        switch signer {
        case .account: key = account
        case .device:
            guard let certificate = commit.keyRing.devices.first(where: { $0.device == commit.device }) else {
                throw .forgedCommit(commit.volume, reason: "its device is not in its key ring")
            }
            let admitted = Sr25519.verify(
                signature: certificate.signature,
                message: certificate.signedBytes(genesis: genesis, drive: commit.drive), publicKey: account,
                context: DeviceCertificate.signingContext)
            guard admitted else {
                throw .forgedCommit(commit.volume, reason: "the account did not admit its device")
            }
            key = certificate.signingKey
        }
        let isSigned = Sr25519.verify(
            signature: signature, message: commit.signedBytes(genesis: genesis), publicKey: key,
            context: Commit.signingContext)
        guard isSigned else { throw .forgedCommit(commit.volume, reason: "its signature is not valid") }
    }
}
