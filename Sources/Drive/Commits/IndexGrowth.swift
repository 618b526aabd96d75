internal import DriveFormat

/// Which runs of an index a commit merges with what it adds.
///
/// Runs of one level are of about one size, eight times that of the level below. What a commit adds takes in all newer runs
/// that are smaller than itself, and the eighth of a level all the others: so a commit costs in proportion to what it
/// adds, whatever the drive holds, and everything is written anew but once a level.
///
/// Format: Docs/Format/Commits.md, "Index".
struct IndexGrowth: Equatable {
    /// Runs of a level that are merged into one.
    static let ratio = 8
    /// The most entries of a run of level 0.
    static let baseCount: UInt64 = 512
    /// A merge of many branches may bring more than the levels hold; a commit lists at most `Commit.runLimit`.
    static let runLimit = 48

    /// So many of the newest runs are merged.
    private(set) var depth = 0
    /// Of the run that comes of it.
    private(set) var level: UInt8

    /// - Parameters:
    ///   - count: the entries that the commit adds.
    ///   - runs: the parents', newest first.
    init(adding count: UInt64, to runs: [IndexRun]) {
        var total = count
        level = Self.level(ofCount: total)
        while depth < runs.count {
            let next = runs[depth].level
            let alike = runs[depth...].prefix { $0.level == next }.count
            let isFull = next == level && alike >= Self.ratio - 1
            guard next < level || isFull || runs.count - depth >= Self.runLimit else { return }
            for run in runs[depth..<depth + (isFull ? alike : 1)] {
                total = total.addingReportingOverflow(run.root.count).partialValue
            }
            depth += isFull ? alike : 1
            level = Self.level(ofCount: total)
        }
    }

    static func level(ofCount count: UInt64) -> UInt8 {
        var (level, limit) = (UInt8(0), baseCount)
        while count > limit, level < IndexRun.levelLimit {
            limit *= UInt64(ratio)
            level += 1
        }
        return level
    }
}
