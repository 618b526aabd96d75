internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Logging

/// The end of volumes that no commit holds any more.
///
/// Format: Docs/Format/Commits.md, "Doomed volumes".
extension Drive {
    /// What commits have given up is kept for so many seconds, unless its blobs have moved.
    private static let grace: Int64 = 7 * 86_400

    /// Those that a final block still has: the others leave the list.
    func stillThere(
        _ doomed: [DoomedVolume], _ view: Discovery.View, _ reading: Reading
    ) async throws -> [DoomedVolume] {
        let gone = try await discovery(reading.segments).missing(Set(doomed.map(\.fid)), at: view)
        return doomed.filter { !gone.contains($0.fid) }
    }

    /// Has the chain delete what the head has doomed long enough ago. Whatever keeps it from that, the next change tries again:
    /// nothing but room is lost meanwhile.
    ///
    /// Only where there is one tip: another one may still hold a volume, and know nothing of where its blobs are now.
    func deleteDoomed(_ state: DriveHeads.State, _ reading: Reading) async {
        guard let head = state.head, state.tips.count == 1, !head.commit.doomed.isEmpty else { return }
        let now = Timestamp.now.seconds
        let folded = Set(head.commit.folded.map(\.old))
        let due = head.commit.doomed.filter { folded.contains($0.volume) || $0.since.seconds <= now - Self.grace }
        do {
            let fids = try await stillThere(due, state.view, reading).map { FID($0.fid) }
            guard !fids.isEmpty else { return }
            let deletion = try await chain.signDeletion(of: fids, owner: accountID, signer: account)
            try await chain.send(deletion)
            logger.info("asked the chain to delete volumes", metadata: ["count": "\(fids.count)"])
        } catch {
            logger.warning("volumes that nothing needs were not deleted", metadata: ["error": "\(error)"])
        }
    }
}
