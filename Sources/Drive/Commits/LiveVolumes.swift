internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE

/// The volumes that a new commit's parents hold: the sets of all of them, and their own volumes.
///
/// Format: Docs/Format/Volumes.md, "Set of volumes"; Docs/Format/Commits.md, "Order and merge".
struct LiveVolumes: Sendable {
    /// Nil if no parent has one.
    let set: TreeRoot?
    /// The parents' own.
    let own: [VolumeID]
    /// So many volumes are folded.
    let foldedCount: Int
    private let trees: DriveTrees
    private let database: StoreDatabase

    /// - Throws: what reading the sets throws.
    init(_ parents: Parents, _ trees: DriveTrees, _ database: StoreDatabase) async throws {
        let folded = parents.folded
        let gone = Set(folded.map(\.old) + parents.doomed.map(\.volume))
        own = parents.tips.map(\.commit.volume)
        foldedCount = folded.count
        self.trees = trees
        self.database = database
        var set = parents.head?.commit.volumes
        for tip in parents.tips.dropFirst() {
            guard let other = tip.commit.volumes, other != set else { continue }
            set = try await Self.union(set, other, without: gone, trees)
        }
        self.set = set
    }

    /// What either holds, but for what one of them has given up.
    private static func union(
        _ set: TreeRoot?, _ other: TreeRoot, without gone: Set<VolumeID>, _ trees: DriveTrees
    ) async throws -> TreeRoot {
        let base: TreeRoot
        if let set { base = set } else { base = try await trees.volumes.build([]) }
        var edits: [ProllyEdit] = []
        try await trees.volumes.forEachDifference(from: base, to: other) { change in
            let isGone = gone.contains(try VolumeID(scaleBytes: change.key))
            if isGone, change.old != nil {
                edits.append(ProllyEdit(key: change.key, value: nil))
            } else if !isGone, change.old == nil, let new = change.new {
                edits.append(ProllyEdit(key: change.key, value: new))
            }
            return true
        }
        return try await trees.volumes.apply(edits, to: base)
    }

    /// What is known of a live volume; nil if it is none.
    ///
    /// - Throws: `StoreError.stateDamaged` for a parent's own of which nothing is known.
    func record(of id: VolumeID) async throws -> VolumeRecord? {
        if own.contains(id) {
            guard let record = try await database.volume(id) else {
                throw StoreError.stateDamaged(reason: "the head's volume is not known")
            }
            return record
        }
        guard let set, let value = try await trees.volumes.lookup(id.value.bytes, in: set) else { return nil }
        return try VolumeRecord(scaleBytes: value)
    }
}
