internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import Synchronization

/// The states that the drive was in, by the names that they have under `.snapshots`: the time of their commits, as
/// `2026-11-22T14:03:05Z`.
final class History: Sendable {
    /// In the root of the drive; no listing shows it, so that nobody copies all of the past.
    static let name = Array(".snapshots".utf8)

    struct Item: Sendable {
        let name: [UInt8]
        let snapshot: Snapshot
    }

    private let reader: DriveReader
    private let state = Mutex(State())

    private struct State {
        /// From a commit back, the newest first.
        var items: [Item] = []
        var names: Set<[UInt8]> = []
        /// Whether the last one is the drive's first.
        var isComplete = false

        func index(of snapshot: Snapshot) -> Int? { items.firstIndex { $0.snapshot.id == snapshot.id } }

        /// Two commits of one second have the numbers of the commits behind their names.
        mutating func item(_ snapshot: Snapshot) -> Item {
            var name = History.name(of: snapshot)
            if !names.insert(name).inserted {
                name += Array("-\(snapshot.commit.sequence)".utf8)
                names.insert(name)
            }
            return Item(name: name, snapshot: snapshot)
        }
    }

    init(_ reader: DriveReader) { self.reader = reader }

    /// All states from a commit back to the first one. What was read is not read again, also where somebody did not wait for the rest.
    func items(to head: Snapshot) async throws -> [Item] {
        try await goOn(to: head)
        while let last = state.withLock({ $0.isComplete ? nil : $0.items.last?.snapshot }) {
            let parent = try await reader.parent(of: last)
            state.withLock { state in
                guard state.items.last?.snapshot.id == last.id else { return }
                if let parent { state.items.append(state.item(parent)) } else { state.isComplete = true }
            }
        }
        return state.withLock(\.items)
    }

    /// Reads the commits that came since.
    private func goOn(to head: Snapshot) async throws {
        var new: [Snapshot] = []
        var next: Snapshot? = head
        while let snapshot = next, state.withLock({ $0.index(of: snapshot) }) == nil {
            // The rest is read from the newest one back.
            if new.isEmpty || !state.withLock(\.items.isEmpty) { new.append(snapshot) } else { break }
            next = try await reader.parent(of: snapshot)
        }
        state.withLock { state in
            let known = next.flatMap { state.index(of: $0) }
            let rest = known.map { Array(state.items[$0...]) } ?? []
            if known == nil { (state.names, state.isComplete) = ([], false) }
            let items = new.reversed().map { state.item($0) }
            state.items = Array(items.reversed()) + rest
        }
    }

    private static func name(of snapshot: Snapshot) -> [UInt8] {
        let date = Date(timeIntervalSince1970: Double(snapshot.commit.created.seconds))
        return Array(date.formatted(.iso8601).utf8)
    }

    /// `.snapshots` itself: as the drive's root, and nobody can write there.
    static func directory(of snapshot: Snapshot) -> Entry {
        var entry = snapshot.root
        entry.mode &= 0o555
        entry.content = .newDirectory
        return entry
    }
}

extension MountedDrive {
    /// A state of the past by its name.
    func lookUpSnapshot(_ name: [UInt8]) async throws -> FoundEntry {
        guard let item = try await history?.items(to: snapshot).first(where: { $0.name == name }) else {
            return .nothing(for: 0)
        }
        return with { state in
            let inode = state.table.insertSnapshot(item.name, item.snapshot.root, of: View(item.snapshot))
            inode.lookups += 1
            return self.found(inode)
        }
    }

    /// What is listed of `.snapshots`.
    func snapshotListing() async throws -> DirectoryListing? {
        guard let items = try await history?.items(to: snapshot) else { return nil }
        let names = items.map { item in
            NamedInode(
                name: item.name, entry: item.snapshot.root, inode: LinkedInode(names: 1, entry: item.snapshot.root))
        }
        return with { state in state.table[.snapshots].map { DirectoryListing($0, names: names) } }
    }
}
