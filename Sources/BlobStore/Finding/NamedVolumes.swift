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

    public init(chain: any StorageChain, account: AccountID, territory: [UInt8], nameTagKey: Secret) {
        self.chain = chain
        self.account = account
        self.territory = territory
        self.nameTagKey = nameTagKey
    }

    /// What the newest finalized block shows of a volume; nil if no file of the account has its name.
    func placement(of volume: VolumeID) async throws -> VolumePlacement? {
        let block = try await chain.finalizedBlock()
        guard let fid = try await fid(of: volume, at: block.hash),
            let file = try await chain.files([fid], at: block.hash)[fid]?.value
        else {
            return nil
        }
        return VolumePlacement(fid: fid, file: file)
    }

    private func fid(of volume: VolumeID, at block: Bytes32) async throws -> FID? {
        if let known = names.first(where: { isName($0.value, of: volume) }) { return known.key }
        let held = try await chain.heldFiles(of: account, at: block).filter { $0.territoryName == territory }
        // What is asked for is mostly young.
        var unknown = held.reversed().map(\.fid).filter { names[$0] == nil }[...]
        while !unknown.isEmpty {
            for (fid, file) in try await chain.files(Array(unknown.prefix(Discovery.batchCount)), at: block) {
                let own = file.value?.owners.first { $0.user == account && $0.territoryName == territory }
                names[fid] = own?.fileName ?? []
            }
            for fid in unknown.prefix(Discovery.batchCount) {
                if let name = names[fid], isName(name, of: volume) { return fid }
            }
            unknown = unknown.dropFirst(Discovery.batchCount)
        }
        return nil
    }

    private func isName(_ name: [UInt8], of volume: VolumeID) -> Bool {
        VolumeName(unverified: name, key: nameTagKey)?.isOf(volume, name: name, key: nameTagKey) == true
    }
}
