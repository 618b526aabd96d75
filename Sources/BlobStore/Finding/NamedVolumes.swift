internal import CESS
internal import DriveFormat
public import Primitives
public import Substrate

/// Finds an account's volumes by nothing but their names on the chain.
///
/// A node of a commit's set of volumes lies where it was written, in the volume of an older commit perhaps. To a machine
/// that has not read that set before, only another node of the same set may tell of this volume: so its name has to.
///
/// Format: Docs/Format/Volumes.md, "Name".
public actor NamedVolumes {
    private let chain: any StorageChain
    private let account: AccountID
    private let territory: [UInt8]
    private let nameTagKey: Secret
    private var names: [FID: [UInt8]] = [:]

    /// Files whose names are asked for at once: each may come with a thousand fragments.
    private static let batchCount = 64

    public init(chain: any StorageChain, account: AccountID, territory: [UInt8], nameTagKey: Secret) {
        self.chain = chain
        self.account = account
        self.territory = territory
        self.nameTagKey = nameTagKey
    }

    /// What the newest finalized block shows of a volume; nil if no file of the account has its name.
    func placement(of volume: VolumeID) async throws -> VolumePlacement? {
        let block = try await chain.finalizedBlock()
        if fid(of: volume) == nil { try await learnNames(at: block.hash) }
        guard let fid = fid(of: volume), let file = try await chain.files([fid], at: block.hash)[fid]?.value else {
            return nil
        }
        return VolumePlacement(fid: fid, file: file)
    }

    private func fid(of volume: VolumeID) -> FID? {
        names.first { _, name in
            VolumeName(unverified: name, key: nameTagKey)?.isOf(volume, name: name, key: nameTagKey) == true
        }?.key
    }

    private func learnNames(at block: Bytes32) async throws {
        let held = try await chain.heldFiles(of: account, at: block).filter { $0.territoryName == territory }
        var unknown = held.map(\.fid).filter { names[$0] == nil }[...]
        while !unknown.isEmpty {
            for (fid, file) in try await chain.files(Array(unknown.prefix(Self.batchCount)), at: block) {
                let own = file.value?.owners.first { $0.user == account && $0.territoryName == territory }
                names[fid] = own?.fileName ?? []
            }
            unknown = unknown.dropFirst(Self.batchCount)
        }
    }
}
