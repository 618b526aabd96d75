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
    /// Also where the walk finds what is below a directory.
    let trees: DriveTrees
    /// The link groups of the state that is restored.
    private let groups: TreeRoot?
    private let replacing: Bool
    private let disk = BlockingQueue("targets")
    /// Takes half of the files of a batch.
    private let otherDisk = BlockingQueue("other-targets")
    private let observer: StoreObserver
    private(set) var report = TransferReport()

    /// Files whose chunks are on their way, in the order of the stream, and the ends of directories between them.
    private var pending = RestoreQueue()
    /// Files that have all their bytes, and the ends of directories behind them.
    private var whole: [WholeTarget] = []
    private var wholeByteCount = 0
    private let mark = SystemRandom.bytes(6).hex
    private var counter = 0
    private var links = RestoredLinks()
    /// Further names that could not be linked: they are written when all else is.
    private var unlinked: [RestoreWalk.Item] = []

    init(trees: DriveTrees, groups: TreeRoot?, replacing: Bool, observer: @escaping StoreObserver) {
        self.trees = trees
        self.groups = groups
        self.replacing = replacing
        self.observer = observer
        report.isFruitless = true
        // Directories on the way stay open.
        cessdrive_raise_open_files_limit()
    }

    /// What a batch may hold, and what a file may that waits for others in memory.
    private static let batchCount = 128
    private static let batchByteCount = 4 << 20
    private static let smallByteCount = 512 << 10

    /// Restores an entry under a name in a directory of this machine.
    func export(_ entry: Entry, to name: [UInt8], in parent: LocalFile, path: [UInt8]) async throws {
        defer { abandon() }
        try await export(RestoreWalk.Item(entry: entry, name: name, parent: parent, path: path, way: nil))
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

    private func export(_ item: RestoreWalk.Item) async throws {
        try await trees.reader.read(RestoreWalk(exporter: self, root: item)) { chunk in try await self.deliver(chunk) }
        try await finishWhole()
        try await writeWhole()
    }

    // MARK: Walking

    /// Makes a directory or whatever has no content, and readies a file for its chunks.
    func begin(_ item: RestoreWalk.Item) async throws -> RestoreWalk.Begun {
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
    private func following(_ item: RestoreWalk.Item) async throws -> RestoreWalk.Item? {
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
        pending.append(RestoreTarget(item: item, temporary: temporaryName(), isListed: true, isFurtherName: true))
        try await finishWhole()
        return nil
    }

    /// Makes something that has no content beside its name and renames it.
    private func make(_ item: RestoreWalk.Item, _ body: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
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

    private func beginFile(_ item: RestoreWalk.Item) async throws {
        if !replacing {
            let isTaken = try await disk.run { try item.parent.has(item.name) }
            guard !isTaken else { throw Errno.fileExists }
        }
        pending.append(RestoreTarget(item: item, temporary: temporaryName()))
    }

    /// Everything in a directory has been asked for.
    func end(_ item: RestoreWalk.Item) async throws {
        pending.append(RestoreTarget(item: item, temporary: [], isListed: true))
        try await finishWhole()
    }

    private func temporaryName() -> [UInt8] {
        counter += 1
        return Array(".cessdrive-\(mark)-\(counter)".utf8)
    }

    /// The next chunk that is asked for belongs there, in the last file.
    func expectChunk(at offset: UInt64) { pending.modifyLast { $0.places.append(offset) } }

    /// All chunks of the last file are known.
    func listed() async throws {
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
    private func add(_ target: RestoreTarget) async throws {
        var target = target
        if target.bytes == nil, case .inline(let bytes) = target.entry.content { target.bytes = bytes }
        whole.append(WholeTarget(target: target, extended: []))
        let extended = try await trees.attributes(of: target.entry)
        if !extended.isEmpty { whole[whole.count - 1] = WholeTarget(target: target, extended: extended) }
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
            results = try await disk.run { WholeTarget.complete(files[...], replacing: replacing) }
        } else if !files.isEmpty {
            let (first, second) = (files[..<(files.count / 2)], files[(files.count / 2)...])
            async let other = otherDisk.run { WholeTarget.complete(second, replacing: replacing) }
            results = try await disk.run { WholeTarget.complete(first, replacing: replacing) }
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

    private func note(_ result: Result<RefusedAttributes, Errno>, of target: RestoreTarget) async throws {
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

    // MARK: Links

    /// The first name of an inode, or one on a file system of its own, is there: others are linked to it.
    private func written(_ item: RestoreWalk.Item) async throws {
        guard let group = item.group else { return }
        let inode = try await disk.run { try? item.parent.status(of: item.name).inode }
        guard let inode else { return }
        links.written(group, as: RestoredName(item.name, in: item.way, item.parent, inode: inode))
    }

    /// Links a further name to one that is there.
    ///
    /// - Returns: whether that is done, or failed for good; else it has to be written like a first one.
    private func link(_ item: RestoreWalk.Item) async throws -> Bool {
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

    /// The content is there, whole.
    private func incomplete(_ path: [UInt8], _ refused: RefusedAttributes) {
        guard !refused.isEmpty else { return }
        report.failures.append(.init(path: path, reason: "restored, but not \(refused.description)"))
    }

    private func failed(_ item: RestoreWalk.Item, _ error: Errno) {
        report.failures.append(.init(path: item.path, reason: error.description))
        if let group = item.group { links.failed(group) }
    }
}
