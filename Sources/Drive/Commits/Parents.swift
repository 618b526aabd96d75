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
    /// What a change begins with: the head's state, with what every other tip has changed since the newest commits that both
    /// build on.
    func mergedState(_ parents: Parents, trees: DriveTrees, _ reading: Reading) async throws -> DriveState? {
        guard let head = parents.head else { return nil }
        var state = Snapshot(head, trees: trees).state
        for (number, tip) in parents.tips.enumerated().dropFirst() {
            let bases = try await commonAncestors(of: Array(parents.tips[..<number]), and: tip, reading)
            // Two machines that merged the same tips at once have several in common: what these come to together is what
            // both began with. By one of them alone, what one side has removed since would be new on the other.
            var old = try await mergedState(Parents(tips: bases), trees: trees, reading)
            // Two machines began the drive at once.
            if old == nil { old = DriveState(root: try await TreeEditor(trees: trees).emptyDirectory(state.root)) }
            let merge = TreeMerge(
                trees: trees, mark: Self.conflictMark(tip.commit), base: old ?? state,
                ours: Snapshot(tip, trees: trees).state, theirs: state)
            state = try await merge.merged()
        }
        return state
    }

    /// The newest commits that `tip` and any of the others build on, or are; none builds on another one of them. In the order
    /// in which the commits that merged them name them.
    private func commonAncestors(
        of others: [FoundCommit], and tip: FoundCommit, _ reading: Reading
    ) async throws -> [FoundCommit] {
        var walk = CommonAncestors(of: others.map(\.reference), and: tip.reference)
        var open = Dictionary((others + [tip]).map { ($0.reference, $0) }) { first, _ in first }
        var found: [FoundCommit] = []
        // Parents have smaller numbers: whoever has the greatest was reached on all ways that lead to it.
        while let next = open.values.max(by: { $0.commit.sequence < $1.commit.sequence }) {
            open[next.reference] = nil
            if walk.isNewest(next.reference) { found.append(next) }
            walk.pass(from: next.reference, to: next.commit.parents)
            guard open.keys.contains(where: walk.isOpen) || next.commit.parents.contains(where: walk.isOpen) else {
                break
            }
            for parent in next.commit.parents where open[parent] == nil {
                open[parent] = try await commit(parent, reading)
            }
        }
        return found.sorted { walk.position(of: $0.reference) < walk.position(of: $1.reference) }
    }

    /// ` (conflict DEVICE 2026-11-22 14.03)`: whose the other file is, and since when.
    static func conflictMark(_ commit: Commit) -> [UInt8] {
        let device = commit.keyRing.devices.first { $0.device == commit.device }?.name ?? DeviceIdentity.hostName
        return conflictMark(device, commit.created)
    }

    static let conflictPrefix = " (conflict "

    static func conflictMark(_ device: [UInt8], _ time: Timestamp) -> [UInt8] {
        let name = device.filter { $0 != UInt8(ascii: "/") && $0 != 0 }
        return Array(conflictPrefix.utf8) + name + Array(" \(Moment.minute(time)))".utf8)
    }
}

/// What is known of commits while those that two sides have in common are looked for.
private struct CommonAncestors {
    private struct Sides: OptionSet {
        let rawValue: UInt8
        static let ours = Sides(rawValue: 1)
        static let theirs = Sides(rawValue: 2)
        static let both: Sides = [.ours, .theirs]
        /// A newer one is common.
        static let older = Sides(rawValue: 4)
    }

    private var sides: [CommitReference: Sides] = [:]
    private var order: [CommitReference: Int] = [:]

    init(of ours: [CommitReference], and theirs: CommitReference) {
        for reference in ours { reach(reference, from: .ours) }
        reach(theirs, from: .theirs)
    }

    private mutating func reach(_ commit: CommitReference, from new: Sides) {
        sides[commit, default: []].formUnion(new)
        order[commit] = order[commit] ?? order.count
    }

    /// Whether both sides lead to it, and nothing newer that both lead to does.
    func isNewest(_ commit: CommitReference) -> Bool { sides[commit] == .both }

    /// Whether the way on from it may lead to one that is looked for.
    func isOpen(_ commit: CommitReference) -> Bool { sides[commit]?.contains(.older) == false }

    mutating func pass(from commit: CommitReference, to parents: [CommitReference]) {
        var passed = sides[commit] ?? []
        if passed == .both { passed.insert(.older) }
        for parent in parents { reach(parent, from: passed) }
    }

    func position(of commit: CommitReference) -> Int { order[commit] ?? .max }
}
