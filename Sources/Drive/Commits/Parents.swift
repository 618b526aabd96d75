internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import Sealing

/// What a new commit builds on: the head, and the other tips where machines committed at once. It takes over all that any
/// of them holds.
///
/// Format: Docs/Format/Commits.md, "Order and merge".
struct Parents: Sendable {
    /// In the order of tips, the head first; empty for a drive's first commit.
    let tips: [FoundCommit]

    var head: FoundCommit? { tips.first }
    var references: [CommitReference] { tips.map(\.reference) }
    var sequence: UInt64 { tips.map(\.commit.sequence).max() ?? 0 }

    /// Newest first, levels ascending: of runs of one level the head's come first.
    var runs: [IndexRun] {
        var known: Set<IndexRun> = []
        let runs = tips.flatMap(\.commit.index).filter { known.insert($0).inserted }
        return (0...IndexRun.levelLimit).flatMap { level in runs.filter { $0.level == level } }
    }

    /// Only folded volumes are doomed, and these for good: whoever still holds one finds its blobs elsewhere.
    var doomed: [DoomedVolume] {
        let all = Dictionary(grouping: tips.flatMap(\.commit.doomed), by: \.volume)
        return all.values.compactMap { $0.min { $0.since < $1.since } }
    }

    /// Where two of them have folded one volume, either copy will do. One may have folded on what the other still names.
    var folded: [FoldedVolume] {
        let pairs = Dictionary(tips.flatMap(\.commit.folded).map { ($0.old, $0.new) }) { first, _ in first }
        return pairs.map { old, new in
            // Of one list no new volume is an old one, so there is at most a step for each tip.
            FoldedVolume(old: old, new: tips.reduce(new) { last, _ in pairs[last] ?? last })
        }
    }

    /// Every device of any of them stays one, and every epoch that something may be sealed in.
    var keyRing: KeyRing? {
        guard let head else { return nil }
        return tips.dropFirst().reduce(head.commit.keyRing) { Self.union($0, $1.commit.keyRing) }
    }

    private static func union(_ ring: KeyRing, _ other: KeyRing) -> KeyRing {
        let missing = other.epochs.filter { epoch in !ring.epochs.contains { $0.epoch == epoch.epoch } }
        let joined = ring.epochs.map { entry in
            guard let twin = other.epochs.first(where: { $0.epoch == entry.epoch }) else { return entry }
            let new = twin.boxes.filter { box in !entry.boxes.contains { $0.recipient == box.recipient } }
            return EpochBoxes(epoch: entry.epoch, boxes: Array((entry.boxes + new).prefix(Prelude.boxLimit)))
        }
        let devices = other.devices.filter { device in !ring.devices.contains { $0.device == device.device } }
        // The last is the current one.
        let epochs = missing.prefix(KeyRing.epochLimit - joined.count) + joined
        let names = Set(epochs.map(\.epoch))
        return KeyRing(
            ringKey: ring.ringKey, epochs: Array(epochs),
            devices: Array((ring.devices + devices.filter { names.contains($0.epoch) }).prefix(KeyRing.deviceLimit)))
    }

}

extension Drive {
    /// What a change begins with: the head's state, with what every other tip has changed since the newest commit that both
    /// build on.
    func mergedState(_ parents: Parents, trees: DriveTrees, _ reading: Reading) async throws -> DriveState? {
        guard let head = parents.head else { return nil }
        var state = Snapshot(head, trees: trees).state
        for tip in parents.tips.dropFirst() {
            let base = try await commonAncestor(head, tip, reading)
            let old: DriveState
            if let base {
                old = Snapshot(base, trees: trees).state
            } else {
                // Two machines began the drive at once.
                old = DriveState(root: try await TreeEditor(trees: trees).emptyDirectory(state.root))
            }
            let merge = TreeMerge(
                trees: trees, mark: Self.conflictMark(tip.commit), base: old, ours: Snapshot(tip, trees: trees).state,
                theirs: state)
            state = try await merge.merged()
        }
        return state
    }

    /// The newest commit that both build on, or one of the two; nil if they have none in common.
    private func commonAncestor(_ a: FoundCommit, _ b: FoundCommit, _ reading: Reading) async throws -> FoundCommit? {
        var found = [a.reference: a, b.reference: b]
        var reachedFrom: [CommitReference: Set<Int>] = [a.reference: [0]]
        reachedFrom[b.reference, default: []].insert(1)
        while let next = found.values.max(by: { $0.commit.sequence < $1.commit.sequence }) {
            let sides = reachedFrom[next.reference] ?? []
            if sides.count == 2 { return next }
            found[next.reference] = nil
            for parent in next.commit.parents {
                reachedFrom[parent, default: []].formUnion(sides)
                if found[parent] == nil { found[parent] = try await commit(parent, reading) }
            }
        }
        return nil
    }

    /// ` (conflict DEVICE 2026-11-22 14.03)`: whose the other file is, and since when.
    static func conflictMark(_ commit: Commit) -> [UInt8] {
        let device = commit.keyRing.devices.first { $0.device == commit.device }?.name ?? DeviceIdentity.hostName
        let name = device.filter { $0 != UInt8(ascii: "/") && $0 != 0 }
        return Array(" (conflict ".utf8) + name + Array(" \(Moment.minute(commit.created)))".utf8)
    }
}
