internal import BlobStore
internal import CLinux
internal import DriveFormat
internal import Primitives
internal import Sealing
internal import SCALE
internal import SystemPackage

/// Writes files and directories of the drive to this machine. A file is written beside its name and renamed when it is
/// whole; directories are merged with what is there; links of this machine are never followed.
///
/// All chunks of all files are fetched as one stream, in the order of the tree, so that small files cost few requests, and
/// written many at a time, so that they cost few turns.
///
/// Of several names of one inode the first is written, the others are linked to it.
actor Exporter {
    private let trees: DriveTrees
    /// The link groups of the state that is restored.
    private let groups: TreeRoot?
    private let replacing: Bool
    private let disk = BlockingQueue("targets")
    /// Takes half of the files of a batch.
    private let otherDisk = BlockingQueue("other-targets")
    private let observer: StoreObserver
    private(set) var report = TransferReport()

    /// Files whose chunks are on their way, in the order of the stream, and the ends of directories between them.
    private var pending: Deque = Deque()
    /// Files that have all their bytes, and the ends of directories behind them.
    private var whole: [Whole] = []
    private var wholeByteCount = 0
    private let mark = SystemRandom.bytes(6).hex
    private var counter = 0
    private var links = RestoredLinks()
    /// Further names that could not be linked: they are written when all else is.
    private var unlinked: [Walk.Item] = []

    init(trees: DriveTrees, groups: TreeRoot?, replacing: Bool, observer: @escaping StoreObserver) {
        self.trees = trees
        self.groups = groups
        self.replacing = replacing
        self.observer = observer
        report.isFruitless = true
        // Directories on the way stay open.
        cessdrive_raise_open_files_limit()
    }

    /// A file that is being written, a further name that waits for the first, or a directory that gets its times when
    /// everything in it has been.
    private struct Target {
        let item: Walk.Item
        let temporary: [UInt8]
        /// Opened when its first chunk is there: of all that wait, one at a time is open.
        var file: LocalFile?
        /// All of a small file, which is written in one go.
        var bytes: [UInt8]?
        /// Where the chunks go, in order.
        var places: [UInt64] = []
        var written = 0
        var isListed = false
        var isFurtherName = false
        /// Its disk failed: its chunks are dropped as they come.
        var failure: Errno?

        var parent: LocalFile { item.parent }
        var entry: Entry { item.entry }
    }

    private struct Whole {
        let target: Target
        let extended: [Attribute]
    }

    /// What a batch may hold, and what a file may that waits for others in memory.
    private static let batchCount = 128
    private static let batchByteCount = 4 << 20
    private static let smallByteCount = 512 << 10

    /// Restores an entry under a name in a directory of this machine.
    func export(_ entry: Entry, to name: [UInt8], in parent: LocalFile, path: [UInt8]) async throws {
        defer { abandon() }
        try await export(Walk.Item(entry: entry, name: name, parent: parent, path: path, way: nil))
        while !unlinked.isEmpty {
            let item = unlinked.removeFirst()
            // The directory has its times already.
            let modified = try await disk.run { try? item.parent.status().modified }
            if try await !link(item) { try await export(item) }
            if let modified, item.way != nil {
                try await disk.run { try? item.parent.setTimes(of: [UInt8(ascii: ".")], modified: modified) }
            }
        }
    }

    private func export(_ item: Walk.Item) async throws {
        try await trees.reader.read(Walk(exporter: self, root: item)) { chunk in try await self.deliver(chunk) }
        try await finishWhole()
        try await writeWhole()
    }

    // MARK: Walking

    /// The chunks of everything below an entry; making directories and small things on the way.
    private struct Walk: AsyncSequence, Sendable {
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

    private enum Begun: Sendable {
        case directory(LocalFile, TreeRoot)
        case file(Entry)
        case done
    }

    private func begin(_ item: Walk.Item) async throws -> Begun {
        guard let item = try await following(item) else { return .done }
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
            case (.file, _):
                try await beginFile(item)
                return .file(item.entry)
            case (.symlink, .inline(let target)):
                try await make(item) { try item.parent.makeLink(named: $0, to: target) }
            default:
                try await make(item) { try item.parent.makeNode(named: $0, item.entry) }
            }
        } catch let error as Errno {
            failed(item, error)
        }
        return .done
    }

    /// The item with the inode that it stands for; nil for a further name, which waits to be linked, and for a damaged one.
    private func following(_ item: Walk.Item) async throws -> Walk.Item? {
        guard item.group == nil, let group = item.entry.linkGroup else { return item }
        guard let inode = try await trees.inode(of: item.entry, in: groups) else {
            report.failures.append(.init(path: item.path, reason: "damaged: \(DriveError.lostInode)"))
            return nil
        }
        var item = item
        item.entry = inode.entry
        item.group = group
        let parent = item.parent
        let fileSystem = try await disk.run { try? parent.status().inode.fileSystem }
        guard let fileSystem, links.begin(group, names: inode.names, on: fileSystem) else { return item }
        pending.append(Target(item: item, temporary: temporaryName(), isListed: true, isFurtherName: true))
        try await finishWhole()
        return nil
    }

    /// Makes something that has no content beside its name and renames it.
    private func make(_ item: Walk.Item, _ body: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        let (temporary, replacing) = (temporaryName(), replacing)
        let extended = try await trees.attributes(of: item.entry)
        let refused = try await disk.run {
            try body(temporary)
            do {
                let refused = item.parent.setAttributes(of: temporary, item.entry, extended: extended)
                try item.parent.rename(temporary, to: item.name, replacing: replacing)
                return refused
            } catch {
                try? item.parent.remove(named: temporary)
                throw error
            }
        }
        report.isFruitless = false
        incomplete(item.path, refused)
        try await written(item)
    }

    // MARK: Files

    private func beginFile(_ item: Walk.Item) async throws {
        if !replacing {
            let isTaken = try await disk.run { try item.parent.has(item.name) }
            guard !isTaken else { throw Errno.fileExists }
        }
        pending.append(Target(item: item, temporary: temporaryName()))
    }

    /// Everything in a directory has been asked for.
    private func end(_ item: Walk.Item) async throws {
        pending.append(Target(item: item, temporary: [], isListed: true))
        try await finishWhole()
    }

    private func temporaryName() -> [UInt8] {
        counter += 1
        return Array(".cessdrive-\(mark)-\(counter)".utf8)
    }

    private func expectChunk(at offset: UInt64) { pending.modifyLast { $0.places.append(offset) } }

    /// All chunks of the last file are known.
    private func listed() async throws {
        pending.modifyLast { $0.isListed = true }
        // What is in its entry waits for nobody: a directory of a million such files would be a million that wait.
        if let last = pending.last, last.places.isEmpty {
            pending.removeLast()
            try await add(last)
        }
        try await finishWhole()
    }

    private func deliver(_ chunk: [UInt8]) async throws {
        // Chunks that have come already wait for nothing that would notice.
        try Task.checkCancellation()
        guard let target = pending.first, target.written < target.places.count else { return }
        let place = target.places[target.written]
        if target.isListed, target.places.count == 1, place == 0, chunk.count <= Self.smallByteCount {
            pending.modifyFirst { $0.bytes = chunk }
        } else if target.failure == nil {
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

    /// Takes the files at the front that have all their chunks, and what waited for them.
    private func finishWhole() async throws {
        while let target = pending.first, target.isListed, target.written == target.places.count {
            guard target.isFurtherName else {
                pending.removeFirst()
                try await add(target)
                continue
            }
            try await writeWhole()
            pending.removeFirst()
            if try await !link(target.item) { unlinked.append(target.item) }
        }
    }

    /// Adds to the batch, and writes that where nothing more is to wait.
    private func add(_ target: Target) async throws {
        var target = target
        if target.bytes == nil, case .inline(let bytes) = target.entry.content { target.bytes = bytes }
        whole.append(Whole(target: target, extended: []))
        let extended = try await trees.attributes(of: target.entry)
        if !extended.isEmpty { whole[whole.count - 1] = Whole(target: target, extended: extended) }
        wholeByteCount += target.bytes?.count ?? 0
        // An open file does not wait, nor does one that others are linked to.
        if whole.count >= Self.batchCount || wholeByteCount >= Self.batchByteCount || target.file != nil
            || target.item.group != nil
        {
            try await writeWhole()
        }
    }

    /// Writes the files of the batch, two at a time, and gives them their names; then its directories get their attributes.
    private func writeWhole() async throws {
        guard !whole.isEmpty else { return }
        let files = whole.filter { $0.target.entry.type != .directory }
        let directories = whole.filter { $0.target.entry.type == .directory }
        let replacing = replacing
        var results: [Result<RefusedAttributes, Errno>] = []
        if files.count == 1 {
            results = try await disk.run { Self.write(files[...], replacing: replacing) }
        } else if !files.isEmpty {
            let (first, second) = (files[..<(files.count / 2)], files[(files.count / 2)...])
            async let other = otherDisk.run { Self.write(second, replacing: replacing) }
            results = try await disk.run { Self.write(first, replacing: replacing) }
            results += try await other
        }
        // They have their names, or are gone.
        whole.removeAll { $0.target.entry.type != .directory }
        wholeByteCount = 0
        for (file, result) in zip(files, results) { try await note(result, of: file.target) }
        if !directories.isEmpty {
            let refused = try await disk.run {
                directories.map {
                    $0.target.parent.setAttributes(
                        of: $0.target.item.name, $0.target.entry, extended: $0.extended)
                }
            }
            for (directory, refused) in zip(directories, refused) { incomplete(directory.target.item.path, refused) }
        }
        whole = []
    }

    private func note(_ result: Result<RefusedAttributes, Errno>, of target: Target) async throws {
        switch result {
        case .success(let refused):
            report.files += 1
            report.isFruitless = false
            if case .inline(let bytes) = target.entry.content { count(bytes) }
            incomplete(target.item.path, refused)
            try await written(target.item)
        case .failure(let error):
            // Nothing more will fit: going on would only fail file by file.
            if error == .noSpace || error == .diskQuotaExceeded {
                throw DriveError.diskFull(path: String(decoding: target.item.path, as: UTF8.self))
            }
            failed(target.item, error)
        }
    }

    private static func write(_ files: ArraySlice<Whole>, replacing: Bool) -> [Result<RefusedAttributes, Errno>] {
        files.map { file in
            Result { () throws(Errno) in
                do throws(Errno) { return try complete(file.target, file.extended, replacing: replacing) } catch {
                    try? file.target.parent.remove(named: file.target.temporary)
                    throw error
                }
            }
        }
    }

    /// Writes a file, if that has not been done yet, and gives it its name.
    ///
    /// - Returns: which of its attributes the file system refused.
    private static func complete(
        _ target: Target, _ extended: [Attribute], replacing: Bool
    ) throws(Errno) -> RefusedAttributes {
        if let failure = target.failure { throw failure }
        let (parent, name, temporary) = (target.parent, target.item.name, target.temporary)
        let file: LocalFile
        if let opened = target.file { file = opened } else { file = try parent.createFile(named: temporary) }
        if let bytes = target.bytes { try file.write(bytes, at: 0) }
        if UInt64(target.bytes?.count ?? 0) != target.entry.size { try file.setSize(target.entry.size) }
        // After power loss there must be what was there before, or what takes its place. A file that takes nobody's is not
        // waited for: the drive still has it.
        if replacing, try parent.has(name) { try file.sync() }
        var refused = parent.setAttributes(of: file, named: temporary, target.entry, extended: extended)
        // Before the name, which says that it is whole, and the times, which a late write would change.
        try file.close()
        do { try parent.setTimes(of: temporary, modified: target.entry.modified) } catch { refused.note(error) }
        try parent.rename(temporary, to: name, replacing: replacing)
        return refused
    }

    // MARK: Links

    /// The first name of an inode, or one on a file system of its own, is there: others are linked to it.
    private func written(_ item: Walk.Item) async throws {
        guard let group = item.group else { return }
        let inode = try await disk.run { try? item.parent.status(of: item.name).inode }
        guard let inode else { return }
        links.written(group, as: RestoredName(item.name, in: item.way, item.parent, inode: inode))
    }

    /// Links a further name to one that is there.
    ///
    /// - Returns: whether that is done, or failed for good; else it has to be written like a first one.
    private func link(_ item: Walk.Item) async throws -> Bool {
        guard let group = item.group else { return false }
        let (temporary, replacing) = (temporaryName(), replacing)
        for first in links.names(of: group) {
            do {
                let isLinked = try await disk.run {
                    try first.link(to: item.name, in: item.parent, by: temporary, replacing: replacing)
                }
                guard isLinked else { continue }
                links.linked(group)
                if item.entry.type == .file { report.files += 1 }
                report.isFruitless = false
                return true
            } catch let error as Errno {
                guard error != .fileExists, error != .isDirectory else {
                    failed(item, error)
                    return true
                }
                links.refused(group, on: first.fileSystem, error)
            }
        }
        return false
    }

    /// Nothing half-written stays behind.
    private func abandon() {
        while let target = pending.first {
            if target.file != nil || target.failure != nil { try? target.parent.remove(named: target.temporary) }
            pending.removeFirst()
        }
        for file in whole where file.target.file != nil || file.target.failure != nil {
            try? file.target.parent.remove(named: file.target.temporary)
        }
        whole = []
        wholeByteCount = 0
        unlinked = []
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
    private func incomplete(_ path: [UInt8], _ refused: RefusedAttributes) {
        guard !refused.isEmpty else { return }
        report.failures.append(.init(path: path, reason: "restored, but not \(refused.description)"))
    }

    private func failed(_ item: Walk.Item, _ error: Errno) {
        report.failures.append(.init(path: item.path, reason: error.description))
        if let group = item.group { links.failed(group) }
    }
}
