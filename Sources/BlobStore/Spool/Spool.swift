internal import CESS
internal import Database
public import DriveFormat
internal import ErasureCoding
internal import Primitives
internal import SCALE
public import Sealing

/// Takes blobs, packs them into segments on this disk, and makes volumes of these: the first half of a change's way.
///
/// What `barrier` has returned for survives kill -9 and power loss; what was appended after it is forgotten, and so are
/// its blobs. One task appends at a time.
///
/// Format: Docs/Format/Segments.md, Docs/Design.md, "Commits".
public actor Spool {
    /// A volume is closed at this many segments, so that encoding can overlap sending.
    public static let segmentsPerVolume = 16

    private let files: SpoolFiles
    private let database: StoreDatabase
    private let keys: SpoolKeys
    private let queue = BlockingQueue("spool")
    private let open = OpenSegment()
    private let volumeSegmentCount: Int
    private let isFilling: Bool

    /// The volume that takes new blobs, and the number of its open segment.
    private var current: (volume: VolumeID, position: Int, segment: Int)?
    /// Up to where the open segment is in its file.
    private var written = 0
    /// Appended since the last barrier or seal.
    private var unsaved: [BlobID: StagedBlob] = [:]
    private var nextPosition = 0
    /// The volumes that this change has put blobs into, or found its blobs in.
    private var used: Set<VolumeID> = []
    /// Whether the open volume is what an interrupted change has left.
    private var isLeftOver = false
    /// While a commit is written its volume may grow beyond the usual size.
    private var isCommitting = false
    /// The write of the last sealed segment, with the blobs that the database knows only after it. It runs beside the
    /// filling of the next segment, and at most one does: memory stays bounded.
    private var write: (task: Task<Void, any Error>, blobs: [BlobID: StagedBlob])?
    public private(set) var sealedBytes = 0

    /// Where volumes go that this change has filled, if they are sent before it is staged whole.
    private var ahead: AsyncStream<VolumeID>.Continuation?
    private var filledCount = 0

    /// Opens the spool in `directory`, going on with what a former process had saved. One spool of a directory at a time takes
    /// new blobs; another process may send and publish meanwhile what was sealed before.
    ///
    /// - Parameter isFilling: whether it takes new blobs. One that does not leaves alone what others may be writing.
    /// - Throws: `StoreError.stateDamaged` if the database is not the one that the segments in the directory belong to.
    public init(
        directory: String, database: StoreDatabase, keys: SpoolKeys, segmentsPerVolume: Int = Spool.segmentsPerVolume,
        isFilling: Bool = true
    ) async throws {
        precondition(1..<SegmentLayout.maximumSegmentsPerVolume ~= segmentsPerVolume)
        files = try SpoolFiles(directory: directory)
        self.database = database
        self.keys = keys
        volumeSegmentCount = segmentsPerVolume
        self.isFilling = isFilling
        try await finishRenaming()
        guard isFilling else { return }
        try await database.forgetPublished()
        let volumes = try await database.spooledVolumes()
        try await removeForgotten(known: Set(volumes.map(\.id)))
        nextPosition = (volumes.map(\.position).max() ?? -1) + 1
        if let volume = volumes.first(where: { $0.state == .open }) { try await takeUp(volume) }
    }

    /// A former process may have died between forgetting a volume and deleting its files. A database that never had a volume has
    /// forgotten none: it is a new one in the place of the one that knew these files, which may be all that there is of them.
    private func removeForgotten(known: Set<VolumeID>) async throws {
        let (files, hasSpooled) = (files, try await database.hasSpooled())
        try await queue.run {
            let names = try files.names(except: known)
            guard hasSpooled || names.isEmpty else {
                throw StoreError.stateDamaged(
                    reason: "it knows nothing of the segments that wait in \(files.directory)")
            }
            for name in names { files.remove(named: name) }
        }
    }

    /// Goes on with what a former process had saved of the open volume. If some of it is gone the volume is given up: nobody was
    /// told that it is safe, since all volumes of a commit are closed before the commit is promised.
    private func takeUp(_ volume: SpooledVolume) async throws {
        let segments = try await database.spooledSegments(of: volume.id)
        guard try await areHere(segments, of: volume.id) else { return try await release(volume.id) }
        isLeftOver = true
        guard let last = segments.last, !last.isSealed else {
            open.fill(SegmentBuilder(volume: volume.id, number: segments.count))
            current = (volume.id, volume.position, segments.count)
            return
        }
        guard let saved = try files.read(0..<last.used, of: last.number, in: volume.id) else {
            throw StoreError.spoolDamaged(volume: volume.id, segment: last.number)
        }
        let entries = try await database.stagedEntries(of: volume.id, segment: last.number)
        open.fill(SegmentBuilder(volume: volume.id, number: last.number, saved: saved, entries: entries))
        written = last.used
        current = (volume.id, volume.position, last.number)
    }

    private func areHere(_ segments: [SpooledSegment], of volume: VolumeID) async throws -> Bool {
        let files = files
        return try await queue.run {
            try segments.allSatisfy { segment in
                let saved = segment.isSealed ? SegmentLayout.byteCount : segment.used
                return try files.byteCount(of: segment.number, in: volume).map { $0 >= saved } ?? false
            }
        }
    }

    /// Reads segments that are still here.
    public nonisolated var localSegments: SpooledSegments { SpooledSegments(files: files, open: open) }

    // MARK: Filling

    /// Stores a blob, unless it is already staged or committed.
    ///
    /// - Returns: where it lies.
    /// - Throws: `StoreError`; what was stored before stays.
    @discardableResult
    public func append(_ blob: PreparedBlob) async throws -> BlobReference {
        if let pointer = try await pointer(of: blob.id) {
            used.insert(pointer.volume)
            return BlobReference(id: blob.id, pointer: pointer)
        }
        return try await put(blob)
    }

    /// As above, of many blobs: they are looked up by one reading.
    public func append(_ blobs: [PreparedBlob]) async throws {
        let known = try await pointers(of: blobs.map(\.id))
        for blob in blobs {
            // Two of them may be equal.
            if let pointer = known[blob.id] ?? (unsaved[blob.id] ?? write?.blobs[blob.id])?.reference.pointer {
                used.insert(pointer.volume)
            } else {
                try await put(blob)
            }
        }
    }

    @discardableResult
    private func put(_ blob: PreparedBlob) async throws -> BlobReference {
        guard blob.sealedByteCount <= SegmentBuilder.largestBlob else {
            throw StoreError.blobTooLarge(byteCount: blob.rawByteCount)
        }
        try await makeRoom(for: blob.sealedByteCount)
        let reference = open.withBuilder { $0.append(blob, sealer: keys.sealer(for: blob.kind)) }
        return stage(reference, blob.kind)
    }

    /// Copies a blob of another volume into the open one, as it is sealed where that is possible, unless it is there already.
    /// That a volume which was staged before has it too does not help who looks for it in the one that was folded.
    ///
    /// - Throws: `StoreError`; what reading the blob throws.
    public func copy(_ blob: ListedBlob, from reader: BlobReader) async throws {
        let id = blob.reference.id
        let staged = unsaved[id] ?? write?.blobs[id]
        let place: Pointer?
        if let staged { place = staged.reference.pointer } else { place = try await database.stagedPointer(of: id) }
        if let place, place.volume == current?.volume { return }
        guard blob.kind == .commit || blob.reference.pointer.epoch == keys.epoch.id else {
            // A prelude names one epoch: what was sealed in another one is sealed anew.
            let plaintext = try await reader.read(blob.reference, kind: blob.kind)
            try await put(PreparedBlob(plaintext, kind: blob.kind, keys: keys.drive))
            return
        }
        let sealed = try await reader.sealed(blob.reference, kind: blob.kind)
        try await makeRoom(for: sealed.bytes.count)
        _ = stage(open.withBuilder { $0.append(sealed) }, blob.kind)
    }

    private func makeRoom(for sealedByteCount: Int) async throws {
        precondition(isFilling, "a spool that was opened to send from takes no blobs")
        try await closeLeftOver()
        if current == nil { try await beginVolume() }
        if !open.withBuilder({ $0.hasRoom(for: sealedByteCount) }) { try await advance() }
        if let current { used.insert(current.volume) }
    }

    private func stage(_ reference: BlobReference, _ kind: BlobKind) -> BlobReference {
        unsaved[reference.id] = StagedBlob(reference: reference, kind: kind)
        sealedBytes += reference.pointer.sealedByteCount
        return reference
    }

    /// Where a blob lies, if the spool or the known index has it.
    public func pointer(of id: BlobID) async throws -> Pointer? {
        try await pointers(of: [id])[id]
    }

    /// As above, of many blobs at once; those that are in neither are left out.
    public func pointers(of ids: [BlobID]) async throws -> [BlobID: Pointer] {
        var found: [BlobID: Pointer] = [:]
        for id in ids { found[id] = (unsaved[id] ?? write?.blobs[id])?.reference.pointer }
        let others = ids.filter { found[$0] == nil }
        guard !others.isEmpty else { return found }
        return found.merging(try await database.pointers(of: others)) { staged, _ in staged }
    }

    /// Makes everything appended so far durable.
    public func barrier() async throws {
        try await finishWrite()
        guard let current, !unsaved.isEmpty else { return }
        let (bytes, used) = open.withBuilder { (Array($0.bytes[written..<$0.used]), $0.used) }
        let (files, from) = (files, written)
        try await queue.run {
            try files.write(bytes.span, at: from, of: current.segment, in: current.volume)
            try files.syncDirectory()
        }
        try await database.save(
            segment: current.segment, of: current.volume, used: used, blobs: Array(unsaved.values))
        written = used
        unsaved = [:]
    }

    /// What an interrupted change has left is this change's only if it holds the same: so nothing new goes into it, unless it
    /// has but one segment, which costs no more with the new blobs than without the old ones.
    private func closeLeftOver() async throws {
        guard isLeftOver else { return }
        isLeftOver = false
        guard let current, current.segment > 0 else { return }
        if open.withBuilder({ $0.isEmpty }) {
            open.fill(nil)
        } else {
            try await sealSegment()
        }
        try await closeVolume()
    }

    private func beginVolume() async throws {
        let volume = VolumeID(.random())
        try await database.addVolume(volume, position: nextPosition)
        current = (volume, nextPosition, 0)
        nextPosition += 1
        open.fill(SegmentBuilder(volume: volume, number: 0))
        written = 0
    }

    /// The open segment is full: seals it and opens the next, in the next volume if this one has its size.
    private func advance() async throws {
        guard let full = current else { return }
        try await sealSegment()
        let count = full.segment + 1
        if count < segmentLimit {
            current = (full.volume, full.position, count)
            open.fill(SegmentBuilder(volume: full.volume, number: count))
            written = 0
        } else {
            try await closeVolume()
            filledCount += 1
            if let ahead {
                // Also what an interrupted change has left of it.
                used.insert(full.volume)
                ahead.yield(full.volume)
            }
            try await beginVolume()
        }
    }

    /// Of what is sent while it is being filled, the first volumes are small: so the network has something to do early.
    private var segmentLimit: Int {
        if isCommitting { return SegmentLayout.maximumSegmentsPerVolume }
        guard ahead != nil, filledCount < 4 else { return volumeSegmentCount }
        return max(1, volumeSegmentCount * (filledCount + 1) / 4)
    }

    /// The volumes that this change fills, each as soon as it is full, until `endFilling`.
    public func filledVolumes() -> AsyncStream<VolumeID> {
        let (volumes, continuation) = AsyncStream<VolumeID>.makeStream()
        ahead = continuation
        return volumes
    }

    /// Whether more may be told by `filledVolumes`.
    public var isBeingFilled: Bool { ahead != nil }

    /// No volume is filled any more; what is open goes with the commit.
    public func endFilling() {
        ahead?.finish()
        ahead = nil
    }

    private func sealSegment() async throws {
        guard let current else { return }
        try await finishWrite()
        let keys = keys
        let (bytes, used) = open.withBuilder { builder in
            builder.seal(
                sealer: keys.sealer(for: .blobTable), keys: keys.drive, boxes: keys.boxes, prelude: keys.prelude)
            return (builder.bytes, builder.used)
        }
        let blobs = unsaved
        unsaved = [:]
        open.beginWrite()
        let (files, queue, database) = (files, queue, database)
        // Ends by itself, and is awaited by `finishWrite`. Hashing goes on beside the filling of the next segment, while the
        // bytes are at hand.
        let task = Task {
            let hashes = try await queue.run {
                try files.writeWhole(bytes.span.extracting(0..<used), of: current.segment, in: current.volume)
                try files.syncDirectory()
                return VolumeRecord.Segment(ReedSolomon().digests(of: bytes.span))
            }
            try await database.save(
                segment: current.segment, of: current.volume, used: used, hashes: hashes, blobs: Array(blobs.values))
        }
        write = (task, blobs)
    }

    /// Waits until the last sealed segment is on the disk.
    private func finishWrite() async throws {
        guard let write else { return }
        try await write.task.value
        self.write = nil
        open.written()
    }

    // MARK: Volumes

    /// From here to `finishCommit` new blobs go to the volume that will hold the commit, and nothing else does.
    ///
    /// What an interrupted change has left and this one has had no use for is given up first. The nodes that are written now
    /// may equal some of that, and found there they would lie in a volume that is not placed with the commit. What was declared
    /// of it is the commit's instead: nothing but becoming a file ends a deal, and a file that no commit has would be nobody's.
    ///
    /// - Parameter kept: volumes that this commit has no use for, but that are not given up: others wait with them.
    public func beginCommit(keeping kept: Set<VolumeID> = []) async throws {
        try await barrier()
        try await closeLeftOver()
        if current == nil { try await beginVolume() }
        if let current { used.insert(current.volume) }
        endFilling()
        for volume in try await database.spooledVolumes() where volume.state == .declared && !kept.contains(volume.id) {
            // One whose segments are gone can never be a file.
            let segments = try await database.spooledSegments(of: volume.id)
            if try await areHere(segments, of: volume.id) { used.insert(volume.id) }
        }
        try await discardAll(but: used.union(kept))
        isCommitting = true
    }

    /// A volume that this change refers to, but that is neither among `placed` nor in any set of volumes that this machine
    /// has read. There is none, unless this program is wrong: then nobody could read the commit.
    public func strayVolume(besides placed: [VolumeID]) async throws -> VolumeID? {
        for volume in used.subtracting(placed) where try await database.volume(volume) == nil { return volume }
        return nil
    }

    /// Forgets the rows of what was published.
    public func forgetPublished() async throws { try await database.forgetPublished() }

    /// The staged volumes that this change refers to, in the order in which they were begun.
    public func usedVolumes() async throws -> [VolumeID] {
        try await database.spooledVolumes().map(\.id).filter(used.contains)
    }

    /// Counts a change's volumes that was made before among those of this one.
    public func use(_ volumes: [VolumeID]) { used.formUnion(volumes) }

    /// The volume that new blobs go to.
    public var openVolume: VolumeID? { current?.volume }

    /// Seals the open volume. The blob appended last may have been a commit.
    public func finishCommit() async throws {
        defer { isCommitting = false }
        guard current != nil, !open.withBuilder({ $0.isEmpty }) else { return }
        try await sealSegment()
        try await closeVolume()
    }

    private func closeVolume() async throws {
        try await finishWrite()
        guard let volume = current?.volume else { return }
        current = nil
        open.fill(nil)
        try await database.closeVolume(volume)
    }

    /// What the network knows a closed volume by. Segments whose hashes are not known are read and hashed, two at a time.
    public func record(_ volume: VolumeID) async throws -> VolumeRecord {
        if let record = try await database.spooledRecord(volume) { return record }
        let segments = try await database.spooledSegments(of: volume)
        let files = files
        let hashes = try await withThrowingTaskGroup(of: (Int, VolumeRecord.Segment).self) { group in
            var found = segments.map(\.hashes)
            let unknown = segments.filter { $0.hashes == nil }
            for (started, segment) in unknown.enumerated() {
                if started >= 2, let (number, hashes) = try await group.next() { found[number] = hashes }
                group.addTask {
                    let mapped = try files.map(segment.number, in: volume)
                    return (segment.number, .init(mapped.withBytes { ReedSolomon().digests(of: $0) }))
                }
            }
            while let (number, hashes) = try await group.next() { found[number] = hashes }
            return found.compactMap { $0 }
        }
        let fid = FID.of(segments: hashes.map { SegmentHash($0.hash) })
        let used = segments.reduce(UInt64(0)) { $0 + UInt64($1.used - SegmentLayout.preludeByteCount) }
        let record = VolumeRecord(
            fid: fid.bytes, segments: hashes, sealedBytes: used, liveBytes: used)
        try await database.setRecord(record, of: volume)
        return record
    }

    /// Gives up what an interrupted change has staged and the one that was made since had no use for, and the rows of what
    /// was published.
    public func discardAll(but kept: Set<VolumeID>) async throws {
        try await database.forgetPublished()
        for volume in try await database.spooledVolumes().map(\.id) where !kept.contains(volume) {
            if current?.volume == volume {
                current = nil
                open.fill(nil)
                unsaved = [:]
            }
            try await release(volume)
        }
    }

    /// Gives a closed volume another name on the network: the first prelude is sealed anew, so that all hashes above it
    /// change. Somebody else has declared the old name as his own, or what it named was deleted.
    public func rename(_ volume: VolumeID) async throws {
        guard let sealed = try files.read(0..<SegmentLayout.preludeByteCount, of: 0, in: volume),
            let plaintext = keys.prelude.open(sealed)
        else { throw StoreError.spoolDamaged(volume: volume, segment: 0) }
        try await database.beginRenaming(volume, prelude: keys.prelude.seal(plaintext))
        try await finishRenaming()
    }

    /// Writes a new prelude over the old one. Power loss may tear it on the disk, and a volume whose prelude does not open is
    /// nobody's: so the database keeps it until it is written, and a process that finds it there writes it again.
    private func finishRenaming() async throws {
        guard let (volume, prelude) = try await database.renaming() else { return }
        let files = files
        try await queue.run { try files.write(prelude.span, at: 0, of: 0, in: volume) }
        try await database.endRenaming()
    }

    /// Waits for what is being written, however it ends: after a change has failed nothing goes on behind its back.
    public func settle() async { _ = try? await finishWrite() }

    /// Forgets a volume that nobody wants and deletes its files.
    private func release(_ volume: VolumeID) async throws {
        let segments = try await database.spooledSegments(of: volume)
        try await database.forgetVolume(volume)
        try await removeFiles(of: volume, segmentCount: (segments.last?.number ?? -1) + 1)
    }

    /// Deletes the files of a volume that is in no list any more: the network holds it now.
    public func removeFiles(of volume: VolumeID, segmentCount: Int) async throws {
        let files = files
        try await queue.run { for number in 0..<segmentCount { files.remove(number, in: volume) } }
    }

    nonisolated var segmentFiles: SpoolFiles { files }
}

/// Reads segments that are still on this machine.
public struct SpooledSegments: LocalSegments {
    private let files: SpoolFiles
    private let open: OpenSegment

    /// For a process that writes nothing: the segments that another one has left in `directory`.
    ///
    /// - Throws: `StoreError.spoolUnusable`.
    public init(directory: String) throws(StoreError) {
        self.init(files: try SpoolFiles(directory: directory), open: OpenSegment())
    }

    init(files: SpoolFiles, open: OpenSegment) {
        self.files = files
        self.open = open
    }

    public func bytes(volume: VolumeID, segment: Int, range: Range<Int>) throws -> [UInt8]? {
        try open.bytes(volume: volume, segment: segment, range: range) ?? files.read(range, of: segment, in: volume)
    }
}

extension VolumeRecord.Segment {
    fileprivate init(_ digests: SegmentDigests) {
        self.init(hash: digests.segment, fragments: digests.fragments)
    }
}
