internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// What a change works on: the spool while it may be filled, the trees of the commit's parents, and the ring of keys.
///
/// Design: Docs/Design.md, section 7.
extension Drive {
    /// The spool while it may be filled, and what the drive is on the network.
    struct OpenForChange {
        let spool: Spool
        let trees: DriveTrees
        let reading: Reading
        let parents: Parents
        let view: Discovery.View
        let ring: OpenKeyRing
        /// The index, where it is being made anew.
        let rebuilt: RebuiltIndex?

        func context(_ state: DriveState) -> ChangeContext {
            ChangeContext(trees: trees, spool: spool, state: state, parents: parents)
        }
    }

    /// Lends the spool to fill, as soon as no other process fills it.
    func withSpool<R>(
        _ options: ChangeOptions, _ body: (OpenForChange) async throws -> R
    ) async throws -> R {
        let lock = try await WriterLock.acquire(home.spoolLock, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        var reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        let state = try await reading.heads.refresh()
        let parents = Parents(tips: state.tips)
        for tip in parents.tips {
            try await open(tip.commit.keyRing, with: [device.keys.box], for: reading.blobs)
        }
        let ring = try await keyRing(after: parents)
        let spool = try await openSpool(ring, isFilling: true)
        reading = try await self.reading(local: spool.localSegments)
        let trees = DriveTrees(
            keys: keys.drive, runs: options.rebuilding == nil ? parents.runs : [], database: database,
            reader: reading.blobs, spool: spool)
        do {
            let rebuilt = try await options.rebuilding?.rebuild(parents, trees, reading.tables, self)
            if rebuilt == nil { try await learnIndex(trees, parents.runs) }
            return try await body(
                OpenForChange(
                    spool: spool, trees: trees, reading: reading, parents: parents, view: state.view, ring: ring,
                    rebuilt: rebuilt))
        } catch {
            await spool.settle()
            throw error
        }
    }

    func openSpool(_ ring: OpenKeyRing, isFilling: Bool) async throws -> Spool {
        try await Spool(
            directory: home.spool.string, database: database, keys: ring.spoolKeys(keys),
            segmentsPerVolume: segmentsPerVolume, isFilling: isFilling)
    }

    /// Runs of the index that this machine has not read are read whole: whoever writes asks for every blob.
    private func learnIndex(_ trees: DriveTrees, _ runs: [IndexRun]) async throws {
        for run in runs where try await !database.knowsRun(run.root.reference) {
            var batch: [(id: BlobID, pointer: Pointer)] = []
            for try await item in trees.indexRuns.entries(of: run.root) {
                batch.append((try BlobID(scaleBytes: item.key), try Pointer(scaleBytes: item.value)))
                if batch.count == 5000 {
                    try await database.learn(batch)
                    batch = []
                }
            }
            try await database.learn(batch)
            try await database.learnRun(run.root.reference)
        }
    }

    func state(of parents: Parents, _ trees: DriveTrees, _ reading: Reading) async throws -> DriveState {
        if let state = try await mergedState(parents, trees: trees, reading) { return state }
        let now = Timestamp.now
        let attributes = Entry(
            type: .directory, mode: 0o755, owner: .current, group: .currentGroup, modified: now, changed: now)
        return DriveState(root: try await TreeEditor(trees: trees).emptyDirectory(attributes))
    }

    func keyRing(after parents: Parents) async throws -> OpenKeyRing {
        let known = try await epochs()
        if let record = parents.keyRing {
            guard let last = record.epochs.last, let epoch = known.first(where: { $0.id == last.epoch }) else {
                throw StoreError.stateDamaged(reason: "the drive's current epoch is not open on this machine")
            }
            for tip in parents.tips where tip.commit.keyRing.ringKey != keys.ringPublicKey {
                throw StoreError.forgedCommit(tip.commit.volume, reason: "its key ring is for another phrase")
            }
            // The phrase opens what is sealed from here on, whatever other devices have put into the ring.
            return try OpenKeyRing(record, epoch: epoch).boxed(for: keys.ringPublicKey, anew: true).admitting(
                device, account: account, genesis: chain.genesis, drive: id)
        }
        // The first commit's epoch is kept before anything is sealed under it.
        let epoch = known.first ?? .random()
        if known.isEmpty { try await remember([epoch]) }
        let empty = KeyRing(
            ringKey: keys.ringPublicKey, epochs: [EpochBoxes(epoch: epoch.id, boxes: [])], devices: [])
        return try OpenKeyRing(empty, epoch: epoch).boxed(for: keys.ringPublicKey).admitting(
            device, account: account, genesis: chain.genesis, drive: id)
    }
}
