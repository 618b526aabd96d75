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
    /// The newest first, to the beginning of the drive.
    private let items = Mutex<[Item]>([])

    init(_ reader: DriveReader) { self.reader = reader }

    /// All states from a commit back to the first one. What was read before is not read again.
    func items(to head: Snapshot) async throws -> [Item] {
        let known = items.withLock { $0 }
        var new: [Snapshot] = []
        var next: Snapshot? = head
        var rest: ArraySlice<Item> = []
        while let snapshot = next {
            if let index = known.firstIndex(where: { $0.snapshot.id == snapshot.id }) {
                rest = known[index...]
                break
            }
            new.append(snapshot)
            next = try await reader.parent(of: snapshot)
        }
        guard !new.isEmpty else { return Array(rest) }
        // Named from the oldest on, so that a name stays what it is.
        var names = Set(rest.map(\.name))
        var named: [Item] = []
        for snapshot in new.reversed() {
            var name = Self.name(of: snapshot)
            if !names.insert(name).inserted {
                name += Array("-\(snapshot.commit.sequence)".utf8)
                names.insert(name)
            }
            named.append(Item(name: name, snapshot: snapshot))
        }
        let all = Array(named.reversed()) + Array(rest)
        items.withLock { $0 = all }
        return all
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
