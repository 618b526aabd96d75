internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// Makes a commit of a new root directory: index, set of volumes, record, signature, all in the spool's open volume.
///
/// Format: Docs/Format/Commits.md. Design: Docs/Design.md, sections 6 and 7.
struct CommitBuilder: Sendable {
    /// Runs of a level that are merged into one of the next.
    static let levelRatio = 8

    let drive: DriveID
    let name: String
    let genesis: Bytes32
    let device: DeviceIdentity
    let database: StoreDatabase
    let spool: Spool
    let trees: DriveTrees
    let writer: BlobWriter

    /// - Parameters:
    ///   - state: the new root directory, its attributes and its tree, and the new tree of link groups.
    ///   - parents: what the change was made on.
    /// - Returns: the commit, and the volumes to place for it.
    func build(
        _ state: DriveState, parents: Parents, keyRing: KeyRing, message: String, nameTagKey: Secret
    ) async throws -> (blob: BlobReference, signed: SignedCommit, plan: PlacementPlan) {
        let root = state.root
        guard case .directory(let rootTree) = root.content else { preconditionFailure("the root is a directory") }
        let sequence = parents.sequence + 1
        guard sequence < Commit.sequenceLimit else {
            throw StoreError.stateDamaged(reason: "the head has the last number that a commit can have")
        }
        try await spool.beginCommit()
        guard let volume = await spool.openVolume else { preconditionFailure("a commit has an open volume") }
        let contents = try await spool.usedVolumes().filter { $0 != volume }
        let index = try await index(parents.runs, staged: contents + [volume])
        let volumes = try await volumeSet(parents, contents: contents)
        let commit = Commit(
            drive: drive, driveName: Array(name.utf8), volume: volume, sequence: sequence,
            parents: parents.references, created: .now, device: device.id,
            rootAttributes: root,
            root: try await pointed(rootTree), links: try await pointed(state.links), index: index, volumes: volumes,
            doomed: parents.doomed,
            folded: parents.folded, keyRing: keyRing, message: Array(message.utf8))
        let signed = SignedCommit(
            commit: commit, signer: .device,
            signature: device.signingKey.sign(commit.signedBytes(genesis: genesis), context: Commit.signingContext))
        let blob = try await writer.store(signed.scaleBytes, kind: .commit)
        try await spool.finishCommit()
        if let stray = try await spool.strayVolume(besides: contents + [volume]) {
            throw StoreError.stateDamaged(reason: "the commit would refer to volume \(stray), which is not in it")
        }
        return (blob, signed, try await plan(commit, contents: contents, nameTagKey: nameTagKey))
    }

    /// Named by a whole reference, so that it opens without the index.
    private func pointed(_ tree: TreeRoot) async throws -> TreeRoot {
        let reference = try await trees.index.reference(toNode: tree.reference).scaleBytes
        return TreeRoot(reference: reference, level: tree.level, count: tree.count, bytes: tree.bytes)
    }

    private func pointed(_ tree: TreeRoot?) async throws -> TreeRoot? {
        if let tree { try await pointed(tree) as TreeRoot } else { nil }
    }

    private func plan(_ commit: Commit, contents: [VolumeID], nameTagKey: Secret) async throws -> PlacementPlan {
        func volume(_ id: VolumeID, _ kind: VolumeName.Kind) async throws -> PlacementPlan.Volume {
            let name = VolumeName(drive: drive, kind: kind, counter: commit.sequence)
            return PlacementPlan.Volume(
                id: id, fid: try await spool.record(id).fid, name: name.sealed(for: id, key: nameTagKey))
        }
        var planned: [PlacementPlan.Volume] = []
        for id in contents { planned.append(try await volume(id, .content)) }
        return PlacementPlan(contents: planned, commit: try await volume(commit.volume, .commit))
    }

    /// The parents' runs and one for what is staged, with full levels merged.
    private func index(_ known: [IndexRun], staged volumes: [VolumeID]) async throws -> [IndexRun] {
        var runs = known
        let entries = try await database.stagedIndexEntries(of: volumes)
        if !entries.isEmpty {
            let run = try await trees.indexRuns.build(
                entries.lazy.map { ProllyEntry(key: $0.id.bytes, value: $0.pointer.scaleBytes) })
            runs.insert(IndexRun(level: 0, root: run), at: 0)
        }
        var level: UInt8 = 0
        while true {
            let full = runs.filter { $0.level == level }
            guard full.count >= Self.levelRatio else { return runs }
            let merged = try await trees.indexRuns.merge(full.map(\.root))
            runs.removeAll { $0.level == level }
            // Runs are newest first and levels ascend with age, so the merged one comes before those of its new level.
            let place = runs.firstIndex { $0.level > level } ?? runs.endIndex
            runs.insert(IndexRun(level: level + 1, root: merged), at: place)
            level += 1
        }
    }

    /// The parents' volumes, their own, and the contents of this commit; never this commit's own.
    private func volumeSet(_ parents: Parents, contents: [VolumeID]) async throws -> TreeRoot? {
        let (known, own) = try await parents.volumes(trees, database)
        var added: [(VolumeID, VolumeRecord)] = []
        for id in own {
            guard let record = try await database.volume(id) else {
                throw StoreError.stateDamaged(reason: "the head's volume is not known")
            }
            added.append((id, record))
        }
        for id in contents { added.append((id, try await spool.record(id))) }
        guard !added.isEmpty else { return known }
        let edits = added.sorted { $0.0 < $1.0 }.map { ProllyEdit(key: $0.0.value.bytes, value: $0.1.scaleBytes) }
        guard let known else {
            return try await trees.volumes.build(
                edits.map { ProllyEntry(key: $0.key, value: $0.value ?? []) })
        }
        return try await trees.volumes.apply(edits, to: known)
    }
}
