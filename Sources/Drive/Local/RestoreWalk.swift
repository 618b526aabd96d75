internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing
internal import SystemPackage

/// The chunks of everything below an entry; making directories and small things on the way.
struct RestoreWalk: AsyncSequence, Sendable {
    struct Item: Sendable {
        /// An inode's, once its link group was followed.
        var entry: Entry
        let name: [UInt8]
        let parent: LocalFile
        let path: [UInt8]
        /// The directories from the one that was asked for down to this one; nil at the beginning.
        let way: RestoredDirectory?
        var group: LinkGroup?
    }

    /// What the exporter makes of an item.
    enum Begun: Sendable {
        case directory(LocalFile, TreeRoot)
        case file(Entry)
        case done
    }

    typealias Element = BlobRequest
    let exporter: Exporter
    let root: Item

    func makeAsyncIterator() -> Iterator { Iterator(exporter: exporter, root: root) }

    struct Iterator: AsyncIteratorProtocol {
        private struct Level {
            private var entries: ProllyEntries.Iterator
            private var ahead: ArraySlice<ProllyEntry> = []
            /// Where the contents of those are.
            private(set) var known: [BlobID: Pointer] = [:]
            let directory: LocalFile
            let item: Item
            let way: RestoredDirectory

            private static let lookahead = 128

            init(_ entries: ProllyEntries.Iterator, _ directory: LocalFile, _ item: Item) {
                self.entries = entries
                self.directory = directory
                self.item = item
                way = RestoredDirectory(item.name, in: item.way, item.parent)
            }

            mutating func next(_ index: BlobIndex) async throws -> ProllyEntry? {
                if ahead.isEmpty {
                    while ahead.count < Self.lookahead, let entry = try await entries.next() { ahead.append(entry) }
                    known = try await index.knownPointers(of: ahead.compactMap(Self.chunk))
                }
                return ahead.popFirst()
            }

            private static func chunk(of entry: ProllyEntry) -> BlobID? {
                guard case .chunk(let id, _) = (try? Entry(scaleBytes: entry.value))?.content else { return nil }
                return id
            }
        }

        let exporter: Exporter
        private var root: Item?
        private var stack: [Level] = []
        private var runs: FileRuns.Iterator?
        private var offset: UInt64 = 0

        init(exporter: Exporter, root: Item) {
            self.exporter = exporter
            self.root = root
        }

        mutating func next() async throws -> BlobRequest? {
            while true {
                if let request = try await nextChunk() { return request }
                guard let item = try await nextItem() else { return nil }
                try Task.checkCancellation()
                switch try await exporter.begin(item) {
                case .directory(let opened, let tree):
                    let entries = exporter.trees.directories.entries(of: tree).makeAsyncIterator()
                    stack.append(Level(entries, opened, item))
                case .file(let entry):
                    let known = stack.last?.known ?? [:]
                    runs = FileRuns(entry: entry, trees: exporter.trees, known: known).makeAsyncIterator()
                    offset = 0
                case .done: break
                }
            }
        }

        private mutating func nextChunk() async throws -> BlobRequest? {
            while let run = try await runs?.next() {
                switch run {
                case .bytes: continue
                case .hole(let length):
                    try Task.checkCancellation()
                    offset = offset.addingReportingOverflow(length).partialValue
                case .chunk(let request, let length):
                    await exporter.expectChunk(at: offset)
                    offset = offset.addingReportingOverflow(length).partialValue
                    return request
                }
            }
            if runs != nil { try await exporter.listed() }
            runs = nil
            return nil
        }

        private mutating func nextItem() async throws -> Item? {
            if let item = root.take() { return item }
            while !stack.isEmpty {
                let top = stack.count - 1
                if let found = try await stack[top].next(exporter.trees.index) {
                    guard Entry.isValidName(found.key) else {
                        throw DriveError.invalidPath(
                            String(decoding: found.key, as: UTF8.self),
                            reason: "a directory of the drive holds a forbidden name")
                    }
                    let (directory, above) = (stack[top].directory, stack[top].item)
                    let way = stack[top].way
                    return Item(
                        entry: try Entry(scaleBytes: found.value), name: found.key, parent: directory,
                        path: above.path + [UInt8(ascii: "/")] + found.key, way: way)
                }
                try await exporter.end(stack.removeLast().item)
            }
            return nil
        }
    }
}
