internal import CESS
internal import DriveFormat
internal import Primitives
internal import Substrate

/// What the chain has of a volume.
enum VolumeState: Equatable {
    case nothing
    case deal(DealInfo)
    case file
    /// Somebody else has the deal, or the file alone.
    case taken
}

/// Reads what the chain has of an account's volumes.
///
/// Everybody can read a declaration and declare the same fragments as his own, even while they are on their way: the
/// deal is his then, and so is the file that it becomes, to delete (protocol reference §12, 7). So nothing counts that
/// is not this account's, in this territory, and exactly what was declared.
struct VolumeStates: Sendable {
    let chain: any StorageChain
    let account: AccountID
    let territory: [UInt8]

    /// What a block has of these volumes, in their order.
    func states(of volumes: [Placer.Volume], at block: Bytes32) async throws -> [VolumeState] {
        let fids = volumes.map(\.fid)
        let files = try await chain.files(fids, at: block)
        let deals = try await chain.deals(fids.filter { files[$0] == nil }, at: block)
        return volumes.map { volume in
            // What cannot be read is not what was declared here.
            if let file = files[volume.fid] { return file.value.map { isOwn($0, volume) } == true ? .file : .taken }
            guard let found = deals[volume.fid] else { return .nothing }
            guard let deal = found.value, isOwn(deal.user), deal.segments == volume.declaration.segments else {
                return .taken
            }
            return .deal(deal)
        }
    }

    private func isOwn(_ brief: UserBrief) -> Bool { brief.user == account && brief.territoryName == territory }

    private func isOwn(_ file: FileInfo, _ volume: Placer.Volume) -> Bool {
        file.owners.contains(where: isOwn)
            && file.segments.map { $0.hash.bytes } == volume.record.segments.map(\.hash)
            && zip(file.segments, volume.record.segments).allSatisfy { stored, own in
                stored.fragments.map(\.hash.bytes) == own.fragments
            }
    }
}

extension Placer {
    /// As `VolumeStates.states`.
    ///
    /// - Throws: `StoreError.fidTaken` where somebody else has the deal, or the file alone.
    func states(of volumes: [Volume], at block: Bytes32) async throws -> [VolumeState] {
        let states = try await VolumeStates(chain: chain, account: account, territory: territory)
            .states(of: volumes, at: block)
        for (volume, state) in zip(volumes, states) where state == .taken { throw StoreError.fidTaken(volume.fid) }
        return states
    }

    /// What the best block has nothing of may still be in the newest finalized one, seen by another server.
    ///
    /// - Throws: `StoreError.notDeclared` if it has nothing of one of these either.
    func checkDeclared(_ gone: [Volume]) async throws {
        guard !gone.isEmpty else { return }
        let states = try await states(of: gone, at: chain.finalizedBlock().hash)
        for (volume, state) in zip(gone, states) where state == .nothing {
            throw StoreError.notDeclared(volume.fid)
        }
    }
}
