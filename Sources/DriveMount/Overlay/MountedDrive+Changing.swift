internal import Dispatch
internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
internal import SystemPackage

/// What a name stands for before it is changed.
struct ResolvedName {
    let directory: Inode
    let name: [UInt8]
    let inode: Inode?
    /// How it stands in the drive's directory; nil where it does not.
    let base: Entry?
}

extension MountedDrive {
    /// Makes a change: when this returns it is in the journal, and everybody sees it.
    ///
    /// - Parameter body: finds out what is to be; it may throw, and then nothing has happened.
    /// - Throws: what `body` throws; `CacheError` where the journal does not take it.
    func change<R>(_ body: (inout Transaction) throws -> R) throws -> R {
        changing.lock()
        defer { changing.unlock() }
        var transaction = try begin()
        let result = try body(&transaction)
        if !transaction.journal.isEmpty { try cache.apply(transaction.journal) }
        finish(transaction)
        return result
    }

    /// - Precondition: called with the right to change, as `finish` is.
    func begin() throws -> Transaction {
        guard !options.isReadOnly else { throw Errno.readOnlyFileSystem }
        return Transaction(revision: with(\.revision) + 1, time: .now) { number in
            self.with { Held($0.table[number]) }.inode
        } knownNames: { inode in
            self.with { $0.table.knownNames(of: inode) }
        }
    }

    /// What is in the journal is so from now on.
    func finish(_ transaction: Transaction) {
        let abandoned = with { state in
            state.revision = transaction.revision
            transaction.apply(to: &state)
            return state.table.takeAbandoned()
        }
        remove(abandoned)
    }

    /// Finds out what names stand for, and makes a change of them: at once where that is known, later where it has to be read.
    func change<A: Answer>(
        _ places: [(name: [UInt8], parent: InodeNumber)], _ reply: Reply<A>,
        _ body: @escaping @Sendable (inout Transaction, [ResolvedName]) throws -> A
    ) {
        do {
            for place in places {
                guard place.name.count <= Entry.nameByteLimit else { throw Errno.fileNameTooLong }
                guard Entry.isValidName(place.name) else { throw Errno.invalidArgument }
            }
            let directories = try places.map { try changeable($0.parent) }
            let names = places.map(\.name)
            do { return reply(try attempt(names, directories, [], body)) } catch let missing as NotKnown {
                later(reply) { try await self.attempt(names, directories, reading: missing, body) }
            }
        } catch { reply.fail(Errno(error)) }
    }

    /// Reads what has to be known, until everything is.
    private func attempt<A: Sendable>(
        _ names: [[UInt8]], _ directories: [Inode], reading missing: NotKnown,
        _ body: @escaping @Sendable (inout Transaction, [ResolvedName]) throws -> A
    ) async throws -> A {
        var missing = missing
        while true {
            let generation = directories.map(\.view.generation)
            if let inode = missing.attributes { try await readAttributes(of: inode) }
            var absent: Set<Place> = []
            for (name, directory) in zip(names, directories) {
                if try await !self.read(name, in: directory) {
                    absent.insert(Place(parent: directory.number, name: name))
                }
            }
            let found = absent
            // Whoever was told that it failed expects that nothing happens.
            try Task.checkCancellation()
            do {
                return try await Self.onThread {
                    // What was read before the drive went on may be wrong now.
                    guard directories.map(\.view.generation) == generation else { throw NotKnown() }
                    return try self.attempt(names, directories, found, body)
                }
            } catch let next as NotKnown { missing = next }
        }
    }

    /// - Parameter absent: names that were looked for in the drive in vain.
    /// - Throws: `NotKnown` where something has to be read first.
    private func attempt<A>(
        _ names: [[UInt8]], _ directories: [Inode], _ absent: Set<Place>,
        _ body: (inout Transaction, [ResolvedName]) throws -> A
    ) throws -> A {
        try change { transaction in
            var resolved: [ResolvedName] = []
            for directory in directories { try checkIsReached(directory) }
            for (name, directory) in zip(names, directories) {
                guard let found = self.known(name, in: directory, absent) else { throw NotKnown() }
                resolved.append(found)
            }
            return try body(&transaction, resolved)
        }
    }

    /// What has to be read before a change can be made: names, or an inode's extended attributes.
    struct NotKnown: Error {
        var attributes: Inode?
    }

    /// Makes extended attributes known that do not stand in an entry.
    private func readAttributes(of inode: Inode) async throws {
        let entry = with { _ in inode.content.entry }
        let read = ReadAttributes(entry.attributes, try await inode.view.snapshot.attributes(of: entry))
        try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            self.with { _ in inode.readAttributes = read }
        }
    }

    /// - Precondition: called with the right to change.
    private func known(_ name: [UInt8], in directory: Inode, _ absent: Set<Place>) -> ResolvedName? {
        func resolved(_ inode: Inode?, _ base: Entry?) -> ResolvedName {
            ResolvedName(directory: directory, name: name, inode: inode, base: base)
        }
        if let edit = directory.edits[name] { return resolved(edit.inode, edit.base) }
        if let inode = with({ Held($0.table.inode(named: name, in: directory.number)) }).inode {
            return resolved(inode, inode.content.directoryEntry)
        }
        if directory.hasEmptyBase || absent.contains(Place(parent: directory.number, name: name)) {
            return resolved(nil, nil)
        }
        return nil
    }

    /// Makes a name of the drive known; whether it has it.
    private func read(_ name: [UInt8], in directory: Inode) async throws -> Bool {
        let generation = directory.view.generation
        let entry = with { _ in directory.content.entry }
        guard let named = try await directory.view.snapshot.lookUp(name, in: entry) else { return false }
        try Task.checkCancellation()
        guard named.inode != nil else { throw Errno.ioError }
        with { state in
            guard directory.view.generation == generation, directory.edits[name] == nil else { return }
            _ = state.table.insert(named, in: directory)
        }
        return true
    }

    /// An inode of the living drive.
    func changeable(_ number: InodeNumber) throws -> Inode {
        let inode = try inode(number)
        guard inode.view === liveView, !options.isReadOnly else { throw Errno.readOnlyFileSystem }
        return inode
    }

    /// What is changed has to be found again by whoever commits. What was unlinked here may be written to all the same, as in any file
    /// system, but nothing that another machine's commit has taken the place of, or what it lies in.
    ///
    /// - Throws: `Errno.staleNFSFileHandle`; `noSuchFileOrDirectory` for a directory that was removed.
    /// - Precondition: called with the right to change.
    func checkIsReached(_ inode: Inode) throws {
        if inode.content.linkCount == 0 {
            guard inode.content.entry.type == .directory else { return }
            throw Errno.noSuchFileOrDirectory
        }
        try with { state in
            var current = inode
            while current.number != .root {
                guard !current.isStale, state.table[current.number] === current else { throw Errno.staleNFSFileHandle }
                // Found by its group, whichever of its names are known.
                if current.content.group != nil { return }
                guard current.isNamed, let parent = state.table[current.place.parent] else {
                    throw Errno.staleNFSFileHandle
                }
                current = parent
            }
        }
    }

    /// Runs what blocks on a thread of its own.
    static func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }
}

extension Entry {
    /// Whether the drive has no names in it, or it is no directory.
    var hasNoNames: Bool {
        guard case .directory(let tree) = content else { return true }
        return tree.count == 0
    }
}

extension Inode {
    /// Whether the drive has no names in it.
    var hasEmptyBase: Bool { content.entry.hasNoNames }

    /// Whether nothing is in a directory, as it is here.
    var isEmptyDirectory: Bool {
        guard case .directory(let tree) = content.entry.content else {
            return edits.allSatisfy { $0.value.inode == nil }
        }
        let hidden = edits.values.count { $0.inDrive != .nothing }
        return tree.count == UInt64(hidden) && edits.allSatisfy { $0.value.inode == nil }
    }
}
