internal import Drive
internal import DriveFormat
internal import FUSE
internal import Synchronization

/// A directory that is being listed: a page of its names at a time.
final class DirectoryListing: Sendable {
    /// A name, as the drive has it or as it was changed here.
    struct Item: Sendable {
        let name: [UInt8]
        var found: NamedInode?
        var changed: Inode?
    }

    /// Names of a page. `.` and `..` come before the first one.
    struct Page: Sendable {
        /// The place of the first one in the listing, counted from 0.
        var start: UInt64 = 0
        var names: [Item] = []
        /// Behind the last name that was read.
        var next: [UInt8]?
        var isLast = false
        /// Of the view, when it was read.
        var generation = 0

        var end: UInt64 { start + UInt64(names.count) }
    }

    let directory: Inode
    /// As it was when it was opened: that is what is listed, whatever becomes of it.
    private let entry: Entry
    /// Sorted; without an inode where a name is gone.
    private let edits: [Item]
    private let page = Mutex<Page?>(nil)

    /// - Precondition: called under the lock of the directory's table.
    init(_ directory: Inode) {
        self.directory = directory
        entry = directory.content.entry
        edits = directory.edits.map { Item(name: $0.key, changed: $0.value.inode) }.sorted { $0.name.precedes($1.name) }
    }

    /// A directory that is nowhere but here, and whose names are looked up one by one.
    init(_ directory: Inode, names: [NamedInode]) {
        self.directory = directory
        entry = directory.content.entry
        edits = []
        let items = names.map { Item(name: $0.name, found: $0) }.sorted { $0.name.precedes($1.name) }
        page.withLock { $0 = Page(names: items, isLast: true, generation: -1) }
    }

    private static let pageCount = 512

    /// The page that was read last, if it holds the name at a place, or the end.
    func known(_ place: UInt64) -> Page? {
        page.withLock { page in
            guard let page, place >= page.start, place < page.end || page.isLast else { return nil }
            return page
        }
    }

    /// The page that holds the name at a place, or the end. Reads on from the last one, or, where somebody has gone back, from
    /// the beginning.
    func read(_ place: UInt64) async throws -> Page {
        var current = page.withLock { $0 }
        if let found = current, place < found.start { current = nil }
        while true {
            if let current, place < current.end || current.isLast { return current }
            let next = try await page(after: current)
            page.withLock { $0 = next }
            current = next
        }
    }

    private func page(after last: Page?) async throws -> Page {
        let from = last?.next
        let generation = directory.view.generation
        // A new directory is nowhere but here.
        let names =
            entry.hasNoNames
            ? [] : try await directory.view.snapshot.entries(of: entry, from: from, limit: Self.pageCount)
        let isLast = names.count < Self.pageCount
        // The first name behind another one is that name and a zero byte, which no name has.
        let next = isLast ? nil : names.last.map { $0.name + [0] }
        let changed = edits.drop { from.map($0.name.precedes) ?? false }.prefix { next.map($0.name.precedes) ?? true }
        return Page(
            start: last?.end ?? 0, names: Self.merged(names, changed), next: next, isLast: isLast,
            generation: generation)
    }

    /// Both in order; what was changed takes the place of what the drive has.
    private static func merged(_ names: [NamedInode], _ changed: ArraySlice<Item>) -> [Item] {
        var merged: [Item] = []
        var changed = changed
        for found in names {
            while let first = changed.first, first.name.precedes(found.name) {
                merged.append(first)
                changed = changed.dropFirst()
            }
            if changed.first?.name == found.name {
                merged.append(changed.removeFirst())
            } else {
                merged.append(Item(name: found.name, found: found))
            }
        }
        return (merged + changed).filter { $0.found != nil || $0.changed != nil }
    }
}

extension [UInt8] {
    /// By the values of the bytes.
    fileprivate func precedes(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }
}
