public import CESS
public import Primitives
public import Substrate

extension CESSChain: StorageChain {
    public var blockTime: Duration { constants.blockTime }
    public var dayLength: UInt32 { constants.dayLength }

    public func finalizedBlocks() async throws -> [BlockRef] { Array(try await newestFinalizedBlocks().values) }

    public func nodes(at block: Bytes32) async throws -> [Miner] { try await miners(at: block) }

    public func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner] {
        try await miners(accounts, at: block)
    }

    public func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic {
        let calls = volumes.map { volume in
            Call.uploadDeclaration(
                volume.fid, segments: volume.segments,
                brief: UserBrief(user: signer.accountID, fileName: volume.name, territoryName: territory),
                fileSize: UInt128(volume.fileSize))
        }
        return try await sign(Call.all(calls), by: signer)
    }

    public func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic {
        try await sign(Call.all(fids.map { Call.deleteFile($0, owner: owner) }), by: signer)
    }

    public func send(_ signed: SignedExtrinsic) async throws { try await submit(signed) as Void }

    public func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber? {
        try await settle(signed)?.number
    }
}

extension Call {
    /// The only one by itself, several as one batch that takes effect whole or not at all.
    fileprivate static func all(_ calls: [Call]) -> Call { calls.count == 1 ? calls[0] : .batchAll(calls) }
}
