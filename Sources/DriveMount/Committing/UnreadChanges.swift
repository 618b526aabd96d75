/// Files that a commit has left out: the cache is damaged where it has what was written to them.
struct UnreadChanges: Error, CustomStringConvertible {
    let count: Int

    var description: String {
        "what was written to \(count) files is damaged in the cache and not in the drive; everything else is"
    }
}
