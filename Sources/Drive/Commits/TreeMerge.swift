internal import BlobStore
internal import DriveFormat
internal import SCALE

/// Brings what one machine changed onto what others did meanwhile: three-way, name by name. Nothing of either is lost:
/// where both changed one file, both are kept, ours under a name that says so.
///
/// Design: Docs/Design.md, section 7, "Order and merge".
struct TreeMerge: Sendable {
    let trees: DriveTrees
    /// Stands in the names of files that both have changed: ` (conflict DEVICE 2026-11-22 14.03)`.
    let mark: [UInt8]
    /// What both sides began with.
    let base: DriveState
    let ours: DriveState
    let theirs: DriveState
    /// Link groups that this does not keep where they have lost all names: whoever has the merge made knows which were written to.
    var expendable: Set<LinkGroup> = []
    /// Where ours were whose names are all gone on our side.
    var formerPaths: [LinkGroup: [[UInt8]]] = [:]

    /// - Returns: the state with the changes of both.
    func merged() async throws -> DriveState {
        guard case .directory(let old) = base.root.content, case .directory(let our) = ours.root.content,
            case .directory(let their) = theirs.root.content
        else { preconditionFailure("a root is a directory") }
        var root = ours.root.mergingAttributes(with: theirs.root, since: base.root)
        let changed = Set(try await changedInodes(of: theirs).map(\.group))
        root.content = .directory(try await merge(our, with: their, since: old, changed))
        return try await merged(root)
    }

    /// - Parameter changed: link groups whose inodes they have changed.
    private func merge(
        _ ours: TreeRoot, with theirs: TreeRoot, since base: TreeRoot, _ changed: Set<LinkGroup>
    ) async throws -> TreeRoot {
        if ours == base || ours == theirs { return theirs }
        if theirs == base, changed.isEmpty { return ours }
        var changes: [ProllyChange] = []
        try await trees.directories.forEachDifference(from: base, to: ours) {
            changes.append($0)
            return true
        }
        // A copy of a file that both have changed must not get the name of another one that we have changed.
        let ourNames = Set(changes.map(\.key))
        var edits: [[UInt8]: [UInt8]?] = [:]
        for change in changes {
            let their = try await trees.directories.lookup(change.key, in: theirs)
            if try isUnchanged(their, since: change.old), try await !holds(their, any: changed) {
                edits.updateValue(change.new, forKey: change.key)
            } else if let new = change.new, new != their, try !isUnchanged(new, since: change.old) {
                guard let their else {
                    edits.updateValue(new, forKey: change.key)
                    continue
                }
                if try await isSameInode(new, their) { continue }
                let (name, value) = try await both(change, new, their, in: theirs, changed) {
                    edits[$0] != nil || ourNames.contains($0)
                }
                edits.updateValue(value, forKey: name)
            }
            // Else both did the same, or we removed what they changed, or did nothing to it: theirs stays.
        }
        let sorted = edits.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return try await trees.directories.apply(sorted.map { ProllyEdit(key: $0.key, value: $0.value) }, to: theirs)
    }

    private func isUnchanged(_ new: [UInt8]?, since old: [UInt8]?) throws -> Bool {
        if new == old { return true }
        guard let new, let old else { return false }
        return try Entry(scaleBytes: new).isUnchanged(since: Entry(scaleBytes: old))
    }

    /// A name that both sides have changed, and both have something under.
    private func both(
        _ change: ProllyChange, _ new: [UInt8], _ their: [UInt8], in theirs: TreeRoot, _ changed: Set<LinkGroup>,
        isTaken: ([UInt8]) -> Bool
    ) async throws -> (name: [UInt8], value: [UInt8]) {
        var our = try Entry(scaleBytes: new)
        let their = try Entry(scaleBytes: their)
        if case .directory(let ourTree) = our.content, case .directory(let theirTree) = their.content {
            let old = try change.old.map { try Entry(scaleBytes: $0) }
            var base = old?.directory
            if base == nil { base = try await trees.directories.build([]) }
            let merged = try await merge(ourTree, with: theirTree, since: base ?? theirTree, changed)
            // Of one that both have made, theirs was there first.
            our = our.mergingAttributes(with: their, since: old ?? our)
            our.content = .directory(merged)
            return (change.key, our.scaleBytes)
        }
        var number = 1
        while true {
            let name = Self.name(change.key, mark: mark, number: number)
            if !isTaken(name), try await trees.directories.lookup(name, in: theirs) == nil { return (name, new) }
            number += 1
        }
    }

    /// A name without its extension.
    static func stem(of name: [UInt8]) -> [UInt8] {
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? 0
        return dot > 0 ? Array(name[..<dot]) : name
    }

    /// `name (conflict …).ext`, cut to what a directory takes.
    static func name(_ name: [UInt8], mark: [UInt8], number: Int) -> [UInt8] {
        var stem = stem(of: name)[...]
        var suffix = name.dropFirst(stem.count)
        let mark = mark + (number > 1 ? Array(" \(number)".utf8) : [])
        suffix = suffix.count + mark.count < Entry.nameByteLimit ? suffix : []
        stem = stem.prefix(max(0, Entry.nameByteLimit - suffix.count - mark.count))
        return Array(stem) + mark.prefix(Entry.nameByteLimit) + Array(suffix)
    }
}
