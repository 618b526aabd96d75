internal import DriveFormat
internal import SystemPackage

/// A directory of this machine that is being restored, by the way to it: of millions, none stays open for being remembered.
final class RestoredDirectory: Sendable {
    private enum Place {
        case below(RestoredDirectory)
        case inside(LocalFile)
    }

    private let name: [UInt8]
    private let place: Place

    /// - Parameters:
    ///   - above: nil for the one that was asked for, which lies in the open directory `parent`.
    init(_ name: [UInt8], in above: RestoredDirectory?, _ parent: LocalFile) {
        self.name = name
        place = above.map { .below($0) } ?? .inside(parent)
    }

    /// Opens it, never by way of a link that somebody put there meanwhile.
    func open() throws(Errno) -> LocalFile {
        switch place {
        case .below(let directory): try directory.open().openDirectory(named: name)
        case .inside(let directory): try directory.openDirectory(named: name)
        }
    }
}

/// A restored name that others of its inode are linked to.
struct RestoredName: Sendable {
    let name: [UInt8]
    private let directory: RestoredDirectory?
    /// Where no directory was restored above it.
    private let parent: LocalFile?
    private let inode: LocalInode

    init(_ name: [UInt8], in directory: RestoredDirectory?, _ parent: LocalFile, inode: LocalInode) {
        self.name = name
        self.directory = directory
        self.parent = directory == nil ? parent : nil
        self.inode = inode
    }

    var fileSystem: UInt64 { inode.fileSystem }

    /// Gives what was restored another name.
    ///
    /// - Parameter temporary: a name that is free in `target`.
    /// - Returns: false if there is something else by now.
    /// - Throws: `fileExists` for a name that is taken and not to be replaced; what the system says of links.
    func link(
        to new: [UInt8], in target: LocalFile, by temporary: [UInt8], replacing: Bool
    ) throws(Errno) -> Bool {
        let directory: LocalFile
        if let parent {
            directory = parent
        } else if let way = self.directory {
            directory = try way.open()
        } else {
            return false
        }
        try target.addName(temporary, for: name, in: directory)
        do {
            guard try target.status(of: temporary).inode == inode else {
                try target.remove(named: temporary)
                return false
            }
            try target.rename(temporary, to: new, replacing: replacing)
        } catch {
            try? target.remove(named: temporary)
            throw error
        }
        // Where the name was one of this inode already, renaming has left both.
        if replacing { try? target.remove(named: temporary) }
        return true
    }
}

/// What of link groups one `get` has restored: on each file system, the name that others are linked to.
///
/// Memory: of groups with several names, until all of them are there.
struct RestoredLinks {
    private struct Group {
        /// By file system; nil while the first name is on its way.
        var names: [UInt64: RestoredName?] = [:]
        var left: UInt32
    }

    private var groups: [LinkGroup: Group] = [:]
    /// File systems that know no links.
    private var plain: Set<UInt64> = []

    /// Whether a name is to be linked to another one; else it is the first, and written.
    mutating func begin(_ group: LinkGroup, names: UInt32, on fileSystem: UInt64) -> Bool {
        guard names > 1, !plain.contains(fileSystem) else { return false }
        if groups[group, default: Group(left: names)].names[fileSystem] != nil { return true }
        groups[group, default: Group(left: names)].names[fileSystem] = .some(nil)
        return false
    }

    func names(of group: LinkGroup) -> [RestoredName] { groups[group]?.names.values.compactMap(\.self) ?? [] }

    mutating func written(_ group: LinkGroup, as name: RestoredName) {
        groups[group]?.names[name.fileSystem] = name
        count(group)
    }

    mutating func linked(_ group: LinkGroup) { count(group) }

    /// A name could not be written: if it was the first, the next one is.
    mutating func failed(_ group: LinkGroup) {
        for (fileSystem, name) in groups[group]?.names ?? [:] where name == nil {
            groups[group]?.names.removeValue(forKey: fileSystem)
        }
        count(group)
    }

    /// A link could not be made to a name.
    mutating func refused(_ group: LinkGroup, on fileSystem: UInt64, _ error: Errno) {
        switch error {
        case .tooManyLinks: groups[group]?.names.removeValue(forKey: fileSystem)
        case .notPermitted, .notSupported, .noFunction: plain.insert(fileSystem)
        default: break
        }
    }

    private mutating func count(_ group: LinkGroup) {
        guard var found = groups[group] else { return }
        found.left = max(1, found.left) - 1
        groups[group] = found.left > 0 ? found : nil
    }
}
