internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// Makes a commit of a new root directory: index, set of volumes, record, signature, all in the spool's open volume.
///
/// Format: Docs/Format/Commits.md. Design: Docs/Design.md, sections 6 and 7.
struct CommitBuilder: Sendable {
    let drive: DriveID
    let name: String
    let genesis: Bytes32
    let device: DeviceIdentity
    let database: StoreDatabase
    let spool: Spool
    let trees: DriveTrees
    let writer: BlobWriter
    let folding: Folding
    /// What the index is made of anew; nil where it grows.
    let rebuilt: RebuiltIndex?

    /// - Parameters:
    ///   - state: the new root directory, its attributes and its tree, and the new tree of link groups.
    ///   - parents: what the change was made on.
    ///   - kept: staged volumes that wait for a later commit.
    ///   - doomed: what the parents have doomed and the chain still has.
    /// - Returns: the commit, and the volumes to place for it.
    func build(
        _ state: DriveState, parents: Parents, keeping kept: Set<VolumeID>, doomed: [DoomedVolume], keyRing: KeyRing,
        message: String,
        nameTagKey: Secret
    ) async throws -> (blob: BlobReference, signed: SignedCommit, plan: PlacementPlan) {
        let root = state.root
        guard case .directory(let rootTree) = root.content else { preconditionFailure("the root is a directory") }
        let sequence = parents.sequence + 1
        guard sequence < Commit.sequenceLimit else {
            throw StoreError.stateDamaged(reason: "the head has the last number that a commit can have")
        }
        try await spool.beginCommit(keeping: kept)
        guard let volume = await spool.openVolume else { preconditionFailure("a commit has an open volume") }
        let contents = try await spool.usedVolumes().filter { $0 != volume }
        let live = try await LiveVolumes(parents, trees, database)
        let leaving = try await folding.fold(live)
        let index = try await index(parents.runs, staged: contents + [volume])
        let volumes = try await volumeSet(live, without: leaving.map(\.volume), contents: contents)
        let commit = Commit(
            drive: drive, driveName: Array(name.utf8), volume: volume, sequence: sequence,
            parents: parents.references, created: .now, device: device.id,
            rootAttributes: root,
            root: try await pointed(rootTree), links: try await pointed(state.links), index: index, volumes: volumes,
            doomed: doomed + leaving,
            folded: Folding.pairs(parents.folded, folding: leaving.map(\.volume), into: volume), keyRing: keyRing,
            message: Array(message.utf8))
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
        let content = VolumeName(drive: drive, kind: .content, counter: commit.sequence)
        let own = VolumeName(drive: drive, kind: .commit, counter: commit.sequence)
        var planned: [PlacementPlan.Volume] = []
        for id in contents { planned.append(try await .of(id, named: content, in: spool, nameTagKey)) }
        return PlacementPlan(
            contents: planned, commit: try await .of(commit.volume, named: own, in: spool, nameTagKey))
    }

    /// The parents' runs and one for what is staged, merged as `IndexGrowth` says.
    private func index(_ known: [IndexRun], staged volumes: [VolumeID]) async throws -> [IndexRun] {
        let added = try await database.stagedIndex(of: volumes)
        if let rebuilt { return try await rebuilt.runs(adding: added, in: trees) }
        let growth = IndexGrowth(adding: UInt64(added.countLimit), to: known)
        let entries = added.map { ProllyEntry(key: $0.id.bytes, value: $0.pointer.scaleBytes) }
        let run = try await trees.indexRuns.merge(entries, over: known.prefix(growth.depth).map(\.root))
        guard run.count > 0 else { return known }
        return [IndexRun(level: growth.level, root: run)] + known.dropFirst(growth.depth)
    }

    /// The live volumes and the contents of this commit; never this commit's own, nor what it folds.
    private func volumeSet(
        _ live: LiveVolumes, without leaving: [VolumeID], contents: [VolumeID]
    ) async throws -> TreeRoot? {
        var edits: [VolumeID: VolumeRecord?] = [:]
        for id in live.own { edits[id] = try await live.record(of: id) }
        for id in contents { edits[id] = try await spool.record(id) }
        for id in leaving { edits.updateValue(nil, forKey: id) }
        let sorted = edits.sorted { $0.key < $1.key }.map {
            ProllyEdit(key: $0.key.value.bytes, value: $0.value?.scaleBytes)
        }
        if let set = live.set { return try await trees.volumes.apply(sorted, to: set) }
        let added = sorted.compactMap { edit in edit.value.map { ProllyEntry(key: edit.key, value: $0) } }
        return added.isEmpty ? nil : try await trees.volumes.build(added)
    }
}

extension PlacementPlan.Volume {
    /// A closed volume of the spool.
    static func of(
        _ id: VolumeID, named name: VolumeName, in spool: Spool, _ nameTagKey: Secret
    ) async throws -> PlacementPlan.Volume {
        PlacementPlan.Volume(
            id: id, fid: try await spool.record(id).fid, name: name.sealed(for: id, key: nameTagKey))
    }
}
