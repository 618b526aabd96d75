public import Primitives
internal import SCALE
public import Substrate

/// Files and deals. A batch of them is one request for every 32: a file of 1000 segments has more than a megabyte.
extension CESSChain {
    /// A stored file; nil if there is none (it may still be a deal).
    public func file(_ fid: FID, at block: Bytes32) async throws -> ChainValue<FileInfo>? {
        try await files([fid], at: block)[fid]
    }

    /// The stored files among these.
    public func files(_ fids: some Sequence<FID>, at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>] {
        try await foreignValues(.file, fids, at: block, batch: 32, key: ChainItem.file.prefix.appending(part:))
    }

    /// An open deal; nil if there is none.
    public func deal(_ fid: FID, at block: Bytes32) async throws -> ChainValue<DealInfo>? {
        try await deals([fid], at: block)[fid]
    }

    /// The open deals among these.
    public func deals(_ fids: some Sequence<FID>, at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>] {
        try await foreignValues(.deal, fids, at: block, batch: 32, key: ChainItem.deal.prefix.appending(part:))
    }

    /// The files that the chain lists for a user; it may have lost entries (`UserFileSliceInfo`).
    public func heldFiles(of user: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo] {
        try await value(.heldFiles, ChainItem.heldFiles.prefix.appending(user), at: block) {
            (decoder) throws(ScaleError) in try decoder.vector(limit: CESSLimits.maximumFilesOfUser)
        } ?? []
    }
}

extension StorageKey {
    fileprivate func appending(part: FID) -> StorageKey { appending(part) }
}
