internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing

extension DriveCheck {
    enum Pass {
        /// Everything is looked at and counted; chunks are written down.
        case first
        /// After contents were read: only the files whose chunks failed are named.
        case naming
    }

    /// Walks the directories and the inodes of several names.
    func checkTrees(_ pass: Pass) async throws {
        _ = try await check(commit.root, at: .root, pass)
        if let root = commit.links { try await check(links: root, pass) }
        try await writeChunks()
    }

    private func check(links root: TreeRoot, _ pass: Pass) async throws {
        let nodes = try await trees.links.survey(root) { item in
            do {
                _ = try await check(try LinkedInode(scaleBytes: item.value).entry, .links, pass)
            } catch { try await note(error, .links) }
        } damage: {
            if pass == .first { try await note($0, .links) }
        }
        if pass == .first { count { $0.nodes += nodes } }
    }

    /// - Returns: whether all below is sound.
    private func check(_ directory: TreeRoot, at path: DrivePath, _ pass: Pass) async throws -> Bool {
        // Copies share whole directories: each is looked through once, unless it has damage, which is named everywhere.
        if try await ledger.isSound(directory) { return true }
        var isSound = true
        let nodes = try await trees.directories.survey(directory) { item in
            guard Entry.isValidName(item.key) else {
                isSound = false
                if pass == .first { try await note(.damage, .path(path), "it holds a forbidden name") }
                return
            }
            let below = path.appending(item.key)
            do {
                let entry = try Entry(scaleBytes: item.value)
                if case .directory(let tree) = entry.content {
                    if try await !check(tree, at: below, pass) { isSound = false }
                } else if try await !check(entry, .path(below), pass) {
                    isSound = false
                }
            } catch let error as ScaleError {
                isSound = false
                if pass == .first { try await note(error, .path(below)) }
            }
        } damage: {
            isSound = false
            if pass == .first { try await note($0, .path(path)) }
        }
        if pass == .first {
            count {
                $0.nodes += nodes
                $0.directories += 1
            }
            let directories = report.directories
            if directories % 100 == 0 { options.progress("\(directories) directories", 0, nil) }
        }
        if isSound { try await ledger.noteSound(directory) }
        return isSound
    }

    /// What is no directory: its attributes, and all that its bytes need.
    private func check(_ entry: Entry, _ subject: CheckFinding.Subject, _ pass: Pass) async throws -> Bool {
        var faults = Faults()
        if case .blob(let id, let length) = entry.attributes {
            try await check(id, length: UInt64(length), kind: .attributes, pass, &faults)
        }
        switch entry.content {
        case .chunk(let id, let length): try await check(id, length: UInt64(length), kind: .chunk, pass, &faults)
        case .chunks(let root): try await check(root, pass, &faults)
        case .none, .inline, .directory, .device: break
        }
        if pass == .first, entry.type == .file, entry.linkGroup == nil { count { $0.files += 1 } }
        guard let first = faults.first else { return true }
        let more = faults.count > 1 ? " (and \(faults.count - 1) more of its pieces)" : ""
        try await note(faults.obstacle, subject, first + more)
        return false
    }

    private func check(_ list: TreeRoot, _ pass: Pass, _ faults: inout Faults) async throws {
        var found = faults
        let nodes = try await trees.chunkLists.survey(list) { item in
            let key = try ChunkKey(scaleBytes: item.key)
            if !key.isHole { try await check(key.id, length: key.length, kind: .chunk, pass, &found) }
        } damage: {
            guard let obstacle = Obstacle($0) else { throw $0 }
            if pass == .first { found.add(obstacle, "\($0)") }
        }
        if pass == .first { count { $0.nodes += nodes } }
        faults = found
    }

    private func check(
        _ id: BlobID, length: UInt64, kind: BlobKind, _ pass: Pass, _ faults: inout Faults
    ) async throws {
        if pass == .naming {
            switch try await ledger.state(of: id) {
            case .damaged: faults.add(.damage, "blob \(id) does not open")
            case .unreachable: faults.add(.absence, "too few nodes answered for blob \(id)")
            case .unread, .sound, nil: break
            }
            return
        }
        guard let pointer = try await trees.index.pointer(of: id) else {
            count { $0.isIndexDamaged = true }
            return faults.add(.damage, "the index does not know where blob \(id) is")
        }
        guard UInt64(pointer.rawLength) == length else {
            return faults.add(.damage, "blob \(id) has \(pointer.rawLength) bytes instead of \(length)")
        }
        do {
            let reference = try await reader.current(BlobReference(id: id, pointer: pointer))
            // Attributes are read at once, as all that leads to contents is.
            if kind == .attributes {
                _ = try await reader.read(reference, kind: kind)
            } else {
                try await note(reference)
            }
        } catch {
            guard let obstacle = Obstacle(error) else { throw error }
            faults.add(obstacle, "\(error)")
        }
    }

    private func note(_ chunk: BlobReference) async throws {
        chunks.append(chunk)
        if chunks.count == Self.batchCount { try await writeChunks() }
    }

    /// Chunks that are written down at a time.
    private static let batchCount = 1000

    private func writeChunks() async throws {
        let added = try await ledger.add(chunks)
        chunks = []
        count { $0.chunks += added }
    }
}

/// What is wrong with one file.
private struct Faults {
    private(set) var count = 0
    private(set) var first: String?
    private(set) var obstacle = Obstacle.absence

    mutating func add(_ obstacle: Obstacle, _ reason: String) {
        count += 1
        if first == nil { first = reason }
        if obstacle == .damage { self.obstacle = .damage }
    }
}
