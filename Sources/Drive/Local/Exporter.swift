internal import BlobStore
internal import CLinux
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import SystemPackage

/// Writes files and directories of the drive to this machine. A file is written beside its name and renamed when it is
/// whole; directories are merged with what is there; links of this machine are never followed.
///
/// All chunks of all files are fetched as one stream, in the order of the tree, so that small files cost few requests.
actor Exporter {
    private let trees: DriveTrees
    private let replacing: Bool
    private let disk = BlockingQueue("targets")
    private let observer: StoreObserver
    private(set) var report = TransferReport()

    /// Files whose chunks are on their way, in the order of the stream, and the ends of directories between them.
    private var pending: Deque = Deque()
    private var counter = 0

    init(trees: DriveTrees, replacing: Bool, observer: @escaping StoreObserver) {
        self.trees = trees
        self.replacing = replacing
        self.observer = observer
        report.isFruitless = true
        // Directories on the way stay open.
        cessdrive_raise_open_files_limit()
    }

    /// A file that is being written, or a directory that gets its times when everything in it has been.
    private struct Target {
        let parent: LocalFile
        let name: [UInt8]
        let temporary: [UInt8]
        let path: [UInt8]
        let entry: Entry
        /// Opened when its first chunk is there: of all that wait, one at a time is open.
        var file: LocalFile?
        /// Where the chunks go, in order.
        var places: [UInt64] = []
        var written = 0
        var isListed = false
        /// Its disk failed: its chunks are dropped as they come.
        var failure: Errno?
    }

    /// Restores an entry under a name in a directory of this machine.
    func export(_ entry: Entry, to name: [UInt8], in parent: LocalFile, path: [UInt8]) async throws {
        defer { abandon() }
        let walk = Walk(exporter: self, root: (entry, name, parent, path))
        try await trees.reader.read(walk) { chunk in try await self.deliver(chunk) }
        try await finishWhole()
    }

    // MARK: Walking

    /// The chunks of everything below an entry; making directories and small things on the way.
    private struct Walk: AsyncSequence, Sendable {
        typealias Item = (entry: Entry, name: [UInt8], parent: LocalFile, path: [UInt8])
        typealias Element = BlobRequest
        let exporter: Exporter
        let root: Item

        func makeAsyncIterator() -> Iterator { Iterator(exporter: exporter, root: root) }

        struct Iterator: AsyncIteratorProtocol {
            let exporter: Exporter
            private var root: Item?
            private var stack: [(entries: ProllyEntries.Iterator, directory: LocalFile, item: Item)] = []
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
                        stack.append((exporter.trees.directories.entries(of: tree).makeAsyncIterator(), opened, item))
                    case .file:
                        runs = FileRuns(entry: item.entry, trees: exporter.trees).makeAsyncIterator()
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
                    if let found = try await stack[top].entries.next() {
                        guard Entry.isValidName(found.key) else {
                            throw DriveError.invalidPath(
                                String(decoding: found.key, as: UTF8.self),
                                reason: "a directory of the drive holds a forbidden name")
                        }
                        let path = stack[top].item.path + [UInt8(ascii: "/")] + found.key
                        return (try Entry(scaleBytes: found.value), found.key, stack[top].directory, path)
                    }
                    try await exporter.end(stack.removeLast().item)
                }
                return nil
            }
        }
    }

    private enum Begun: Sendable {
        case directory(LocalFile, TreeRoot)
        case file
        case done
    }

    private func begin(_ item: Walk.Item) async throws -> Begun {
        guard item.entry.linkGroup == nil else {
            report.failures.append(
                .init(path: item.path, reason: "this version cannot restore a file with several names"))
            return .done
        }
        do {
            switch (item.entry.type, item.entry.content) {
            case (.directory, .directory(let tree)):
                let opened = try await disk.run {
                    do { try item.parent.makeDirectory(named: item.name) } catch Errno.fileExists {}
                    return try item.parent.openDirectory(named: item.name)
                }
                report.directories += 1
                report.isFruitless = false
                return .directory(opened, tree)
            case (.file, let content):
                try await beginFile(item, content)
                return .file
            case (.symlink, .inline(let target)):
                try await make(item) { try item.parent.makeLink(named: $0, to: target) }
            default:
                try await make(item) { try item.parent.makeNode(named: $0, item.entry) }
            }
        } catch let error as Errno {
            fail(item.path, error)
        }
        return .done
    }

    /// Makes something that has no content beside its name and renames it.
    private func make(_ item: Walk.Item, _ body: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        let (temporary, replacing) = (temporaryName(), replacing)
        let refused = try await disk.run {
            try body(temporary)
            do {
                let refused = item.parent.setAttributes(of: temporary, item.entry)
                try item.parent.rename(temporary, to: item.name, replacing: replacing)
                return refused
            } catch {
                try? item.parent.remove(named: temporary)
                throw error
            }
        }
        report.isFruitless = false
        if let refused { incomplete(item.path, refused) }
    }

    // MARK: Files

    private func beginFile(_ item: Walk.Item, _ content: Content) async throws {
        if !replacing {
            let isTaken = try await disk.run { try item.parent.has(item.name) }
            guard !isTaken else { throw Errno.fileExists }
        }
        pending.append(
            Target(
                parent: item.parent, name: item.name, temporary: temporaryName(), path: item.path, entry: item.entry))
    }

    /// Everything in a directory has been asked for.
    private func end(_ item: Walk.Item) async throws {
        pending.append(
            Target(
                parent: item.parent, name: item.name, temporary: [], path: item.path, entry: item.entry,
                isListed: true))
        try await finishWhole()
    }

    private func temporaryName() -> [UInt8] {
        counter += 1
        return Array(".cessdrive-\(SystemRandom.bytes(6).hex)-\(counter)".utf8)
    }

    private func expectChunk(at offset: UInt64) { pending.modifyLast { $0.places.append(offset) } }

    /// All chunks of the last file are known.
    private func listed() async throws {
        pending.modifyLast { $0.isListed = true }
        // What is in its entry waits for nobody: a directory of a million such files would be a million that wait.
        if let last = pending.last, last.places.isEmpty {
            pending.removeLast()
            try await finish(last)
        }
        try await finishWhole()
    }

    private func deliver(_ chunk: [UInt8]) async throws {
        // Chunks that have come already wait for nothing that would notice.
        try Task.checkCancellation()
        guard let target = pending.first, target.written < target.places.count else { return }
        let place = target.places[target.written]
        if target.failure == nil {
            do {
                let file = try await disk.run {
                    let file = try target.file ?? target.parent.createFile(named: target.temporary)
                    try file.write(chunk, at: place)
                    return file
                }
                pending.modifyFirst { $0.file = file }
            } catch let error as Errno {
                pending.modifyFirst { $0.failure = error }
            }
        }
        pending.modifyFirst { $0.written += 1 }
        count(chunk)
        try await finishWhole()
    }

    private func count(_ bytes: [UInt8]) {
        report.bytes += UInt64(bytes.count)
        observer(.sent(bytes.count))
    }

    /// Renames the files at the front that have all their chunks.
    private func finishWhole() async throws {
        while let target = pending.first, target.isListed, target.written == target.places.count {
            pending.removeFirst()
            try await finish(target)
        }
    }

    private func finish(_ target: Target) async throws {
        if target.entry.type == .directory {
            let refused = try await disk.run { target.parent.setAttributes(of: target.name, target.entry) }
            if let refused { incomplete(target.path, refused) }
            return
        }
        let replacing = replacing
        do {
            let refused = try await disk.run {
                do { return try Self.complete(target, replacing: replacing) } catch {
                    try? target.parent.remove(named: target.temporary)
                    throw error
                }
            }
            report.files += 1
            report.isFruitless = false
            if case .inline(let bytes) = target.entry.content { count(bytes) }
            if let refused { incomplete(target.path, refused) }
        } catch let error as Errno {
            // Nothing more will fit: going on would only fail file by file.
            if error == .noSpace || error == .diskQuotaExceeded {
                throw DriveError.diskFull(path: String(decoding: target.path, as: UTF8.self))
            }
            fail(target.path, error)
        }
    }

    /// Gives a file that has all its chunks its name.
    ///
    /// - Returns: which of its attributes the file system refused first.
    private static func complete(_ target: Target, replacing: Bool) throws -> Errno? {
        if let failure = target.failure { throw failure }
        let file = try target.file ?? target.parent.createFile(named: target.temporary)
        if case .inline(let bytes) = target.entry.content { try file.write(bytes, at: 0) }
        try file.setSize(target.entry.size)
        // After power loss there must be what was there before, or what takes its place. A file that takes nobody's is not
        // waited for: the drive still has it.
        if replacing, try target.parent.has(target.name) { try file.sync() }
        // Before the name, which says that it is whole, and the times, which a late write would change.
        try file.close()
        let refused = target.parent.setAttributes(of: target.temporary, target.entry)
        try target.parent.rename(target.temporary, to: target.name, replacing: replacing)
        return refused
    }

    /// Nothing half-written stays behind.
    private func abandon() {
        while let target = pending.first {
            if target.file != nil || target.failure != nil { try? target.parent.remove(named: target.temporary) }
            pending.removeFirst()
        }
    }

    /// What waits, first in, first out.
    private struct Deque {
        private var targets: [Target] = []
        private var start = 0

        var first: Target? { start < targets.count ? targets[start] : nil }
        var last: Target? { start < targets.count ? targets.last : nil }
        mutating func append(_ target: Target) { targets.append(target) }
        mutating func removeLast() { targets.removeLast() }

        mutating func modifyFirst(_ body: (inout Target) -> Void) { body(&targets[start]) }

        mutating func modifyLast(_ body: (inout Target) -> Void) {
            guard start < targets.count else { return }
            body(&targets[targets.count - 1])
        }

        mutating func removeFirst() {
            start += 1
            guard start * 2 >= targets.count else { return }
            targets.removeFirst(start)
            start = 0
        }
    }

    /// The content is there, whole.
    private func incomplete(_ path: [UInt8], _ error: Errno) {
        report.failures.append(
            .init(path: path, reason: "restored, but not its owner, mode or times: \(error.description)"))
    }

    private func fail(_ path: [UInt8], _ error: Errno) {
        report.failures.append(.init(path: path, reason: error.description))
    }
}
