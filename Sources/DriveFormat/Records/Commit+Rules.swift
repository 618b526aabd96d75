internal import SCALE

/// What a commit's fields must be to each other.
///
/// Format: Docs/Format/Commits.md, "What is refused".
extension Commit {
    func checkHistory(_ offset: Int) throws(ScaleError) {
        guard sequence > 0, sequence < Self.sequenceLimit else {
            throw .invalid("a commit's sequence is 1 to 2⁴⁸ − 1", offset: offset)
        }
        guard parents.isEmpty == (sequence == 1) else {
            throw .invalid("the first commit, and no other, is without parents", offset: offset)
        }
        try Rules.distinct(parents, by: \.volume, "a commit has a parent", offset)
        guard !parents.contains(where: { $0.volume == volume }) else {
            throw .invalid("a commit that is its own parent", offset: offset)
        }
    }

    /// The index knows none of these trees, so whole references name them.
    func checkTrees(_ offset: Int) throws(ScaleError) {
        guard ([root] + index.map(\.root) + [links, volumes].compactMap { $0 }).allSatisfy(\.isPointed) else {
            throw .invalid("a commit names its trees by whole references", offset: offset)
        }
        guard rootAttributes.type == .directory, rootAttributes.content == .directory(root.named) else {
            throw .invalid("the root's attributes are not those of its tree", offset: offset)
        }
        guard zip(index, index.dropFirst()).allSatisfy({ $0.level <= $1.level }) else {
            throw .invalid("a newer run of the index has a higher level than an older one", offset: offset)
        }
    }

    func checkLists(_ offset: Int) throws(ScaleError) {
        try Rules.ascending(doomed, by: \.volume, "doomed volumes", offset)
        try Rules.ascending(folded, by: \.old, "folded volumes", offset)
        let old = Set(folded.map(\.old))
        guard !folded.contains(where: { old.contains($0.new) }) else {
            throw .invalid("a volume folded into one that was folded itself", offset: offset)
        }
        guard !doomed.contains(where: { $0.volume == volume }), !old.contains(volume) else {
            throw .invalid("a commit that gives up its own volume", offset: offset)
        }
    }
}
