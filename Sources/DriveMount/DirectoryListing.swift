internal import Drive
internal import DriveFormat
internal import FUSE
internal import Synchronization

/// A directory that is being listed: a page of its names at a time.
final class DirectoryListing: Sendable {
    /// Names of a page. `.` and `..` come before the first one.
    struct Page: Sendable {
        /// The place of the first one in the listing, counted from 0.
        var start: UInt64 = 0
        var names: [NamedInode] = []
        var isLast = false
        /// Of the view, when it was read.
        var generation = 0

        var end: UInt64 { start + UInt64(names.count) }
    }

    let directory: Inode
    /// As it was when it was opened: that is what is listed, whatever becomes of it.
    private let entry: Entry
    private let page = Mutex<Page?>(nil)

    init(_ directory: Inode) {
        self.directory = directory
        entry = directory.entry
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
        // The first name behind another one is that name and a zero byte, which no name has.
        let from = last?.names.last.map { $0.name + [0] }
        let generation = directory.view.generation
        let names = try await directory.view.snapshot.entries(of: entry, from: from, limit: Self.pageCount)
        return Page(
            start: last?.end ?? 0, names: names, isLast: names.count < Self.pageCount, generation: generation)
    }
}
