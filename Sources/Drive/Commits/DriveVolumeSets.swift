internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// Reads what commits of a drive hold, and remembers it on this machine.
struct DriveVolumeSets: VolumeSets {
    let drive: Drive
    let folded: FoldedVolumes
    let reader: BlobReader

    func learnFolds(of commit: FoundCommit) async throws {
        guard !commit.commit.folded.isEmpty else { return }
        try await drive.database.learnFolded(commit.commit.folded)
        folded.replace(with: try await drive.database.foldedVolumes())
    }

    func fids(of commit: FoundCommit, beyond other: FoundCommit?) async throws -> [VolumeID: Bytes32] {
        // A machine whose memory was lost has forgotten its epochs, too: its device's box opens them again.
        try await drive.open(commit.commit.keyRing, with: [drive.device.keys.box], for: reader)
        guard let root = commit.commit.volumes else { return [:] }
        let trees = DriveTrees(
            keys: drive.keys.drive, runs: commit.commit.index, database: drive.database, reader: reader)
        var fids: [VolumeID: Bytes32] = [:]
        var batch: [(VolumeID, VolumeRecord)] = []
        func learn(_ key: [UInt8], _ value: [UInt8]) async throws {
            let (id, record) = (try VolumeID(scaleBytes: key), try VolumeRecord(scaleBytes: value))
            fids[id] = record.fid
            batch.append((id, record))
            if batch.count == 1000 {
                try await drive.database.learnVolumes(batch)
                batch = []
            }
        }
        if let base = other?.commit.volumes {
            try await trees.volumes.forEachDifference(from: base, to: root) { change in
                if let new = change.new { try await learn(change.key, new) }
                return true
            }
        } else {
            for try await item in trees.volumes.entries(of: root) { try await learn(item.key, item.value) }
        }
        try await drive.database.learnVolumes(batch)
        return fids
    }
}
