import BlobStore
import Primitives
import SCALE
import TestSupport
import Testing

@testable import DriveFormat

/// Who may sign a commit. Docs/Format/Commits.md, "Signature".
@Suite struct CommitSignatureTests {
    private let account = Sr25519KeyPair(miniSecret: Secret(copying: [UInt8](repeating: 1, count: 32)))
    private let device = Sr25519KeyPair(miniSecret: Secret(copying: [UInt8](repeating: 2, count: 32)))
    private let stranger = Sr25519KeyPair(miniSecret: Secret(copying: [UInt8](repeating: 3, count: 32)))
    private let genesis = BLAKE2b.hash256([UInt8]("genesis".utf8))

    /// A commit of `device` with a certificate from `issuer`.
    private func commit(issuer: Sr25519KeyPair, genesis: Bytes32, withCertificate: Bool = true) throws -> Commit {
        var records = RandomRecords(seed: 7)
        let other = records.commit().commit
        let epoch = try #require(other.keyRing.epochs.last).epoch
        func certificate(_ signature: [UInt8]) -> DeviceCertificate {
            DeviceCertificate(
                name: Array("laptop".utf8), signingKey: device.publicKey, boxKey: .zero, epoch: epoch,
                created: other.created, signature: signature)
        }
        let blank = certificate([UInt8](repeating: 0, count: 64))
        let signed = certificate(
            issuer.sign(
                blank.signedBytes(genesis: genesis, drive: other.drive), context: DeviceCertificate.signingContext))
        let ring = KeyRing(
            ringKey: .zero, epochs: other.keyRing.epochs, devices: withCertificate ? [signed] : [])
        return Commit(
            drive: other.drive, driveName: other.driveName, volume: other.volume, sequence: other.sequence,
            parents: other.parents, created: other.created, device: DeviceID(signingKey: device.publicKey),
            rootAttributes: other.rootAttributes, root: other.root, links: other.links, index: other.index,
            volumes: other.volumes, doomed: other.doomed, folded: other.folded, keyRing: ring, message: other.message,
            extensions: other.extensions)
    }

    private func signed(
        _ commit: Commit, by key: Sr25519KeyPair, as signer: SignedCommit.Signer,
        context: String = Commit.signingContext
    ) throws -> SignedCommit {
        let signature = key.sign(commit.signedBytes(genesis: genesis), context: context)
        let made = SignedCommit(commit: commit, signer: signer, signature: signature)
        return try SignedCommit(scaleBytes: made.scaleBytes)
    }

    private func isGenuine(_ signed: SignedCommit) -> Bool {
        (try? signed.verify(account: account.publicKey, genesis: genesis)) != nil
    }

    @Test func `the account and a device that it admitted may sign`() throws {
        let commit = try commit(issuer: account, genesis: genesis)
        #expect(isGenuine(try signed(commit, by: account, as: .account)))
        #expect(isGenuine(try signed(commit, by: device, as: .device)))
    }

    @Test func `nobody else may, nor for another network or purpose`() throws {
        let good = try commit(issuer: account, genesis: genesis)
        #expect(!isGenuine(try signed(good, by: stranger, as: .account)))
        #expect(!isGenuine(try signed(good, by: stranger, as: .device)))
        #expect(!isGenuine(try signed(good, by: device, as: .account)))
        #expect(!isGenuine(try signed(good, by: account, as: .account, context: "substrate")))
        let foreign = try signed(good, by: account, as: .account)
        #expect(throws: StoreError.self) { try foreign.verify(account: account.publicKey, genesis: .zero) }
    }

    @Test func `a certificate is from the account, of this network, and in the commit's key ring`() throws {
        let forged = try commit(issuer: stranger, genesis: genesis)
        #expect(!isGenuine(try signed(forged, by: device, as: .device)))
        let foreign = try commit(issuer: account, genesis: .zero)
        #expect(!isGenuine(try signed(foreign, by: device, as: .device)))
        let without = try commit(issuer: account, genesis: genesis, withCertificate: false)
        #expect(!isGenuine(try signed(without, by: device, as: .device)))
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `a commit that was changed is not genuine`(seed: UInt64) throws {
        let good = try signed(try commit(issuer: account, genesis: genesis), by: device, as: .device)
        #expect(isGenuine(good))
        var random = SplitMix64(seed: seed)
        var bytes = good.scaleBytes
        bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        if let changed = try? SignedCommit(scaleBytes: bytes) { #expect(!isGenuine(changed)) }
    }
}
