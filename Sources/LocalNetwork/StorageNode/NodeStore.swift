internal import CESS
internal import Dispatch
internal import Glibc
internal import Primitives

/// What went wrong with a node's directory.
struct NodeStoreError: Error, CustomStringConvertible {
    let operation: String
    let path: String
    let code: Int32

    init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    var description: String { "\(operation) \(path): \(unsafe String(cString: strerror(code)))" }
}

/// The fragments of a storage node on its disk.
///
/// `report/<fid>/<fragment>` waits for its row to be reported, `file/<fid>/<fragment>` is stored for good, `tmp` has what is
/// being received. A fragment appears under its name whole and synced or not at all, so nothing needs repair after a crash.
final class NodeStore: Sendable {
    let directory: String
    private var tmp: String { directory + "/tmp" }
    private let lock: Int32
    /// Syncing blocks: it has a thread of its own.
    private let disk = DispatchQueue(label: "node-disk")

    /// Creates the directory where it is missing, and makes sure that no other process works in it.
    init(directory: String) throws {
        self.directory = directory
        for path in [directory, directory + "/tmp", directory + "/report", directory + "/file"] {
            guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw NodeStoreError("mkdir", path) }
        }
        lock = unsafe Glibc.open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw NodeStoreError("lock", directory) }
        for name in entries(of: tmp) { unsafe unlink(tmp + "/" + name) }
    }

    deinit { close(lock) }

    // MARK: The network

    /// The genesis hash of the network that all this belongs to; nil before the node has met its chain.
    func genesis() throws -> Bytes32? {
        let path = directory + "/genesis"
        guard let opened = try open(path) else {
            // Something that is no file does not mean that the node has met no chain: it would take the next best one for
            // its own, and drop what that does not know.
            var status = stat()
            guard unsafe lstat(path, &status) != 0, errno == ENOENT else {
                throw NodeStoreError("open", path, code: EBADMSG)
            }
            return nil
        }
        defer { close(opened.descriptor) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 66) { buffer, count in
            unsafe count = max(0, read(opened.descriptor, buffer.baseAddress, buffer.count))
        }
        guard let genesis = Bytes32(hex: String(decoding: bytes, as: UTF8.self)) else {
            throw NodeStoreError("read", path, code: EBADMSG)
        }
        return genesis
    }

    /// Ties the directory to a network.
    func keep(genesis: Bytes32) async throws {
        let partial = try begin()
        try partial.append(Array("0x\(genesis.hex)\n".utf8).span)
        try await onDisk { [directory] in
            try partial.finish()
            guard fdatasync(partial.descriptor) == 0 else { throw NodeStoreError("sync", partial.path) }
            guard unsafe rename(partial.path, directory + "/genesis") == 0 else {
                throw NodeStoreError("rename", partial.path)
            }
            partial.isKept = true
            try Self.sync(directory)
        }
    }

    // MARK: Receiving

    func begin() throws -> Partial { try Partial(path: tmp + "/" + SystemRandom.bytes(8).hex) }

    /// Makes a received fragment wait for its report: synced, renamed, and the renaming synced.
    func keep(_ partial: Partial, fid: FID, fragment: FragmentHash) async throws {
        let folder = reportFolder(fid)
        try await onDisk { [directory] in
            try partial.finish()
            guard fdatasync(partial.descriptor) == 0 else { throw NodeStoreError("sync", partial.path) }
            guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw NodeStoreError("mkdir", folder) }
            guard unsafe rename(partial.path, folder + "/" + fragment.hex) == 0 else {
                throw NodeStoreError("rename", partial.path)
            }
            partial.isKept = true
            try Self.sync(folder)
            // Also where the folder was there: who made it may have died, or failed, before he came to this.
            try Self.sync(directory + "/report")
        }
    }

    /// Makes the zero fragment wait for its report; it takes no room on the disk.
    func keepZeros(fid: FID) async throws {
        let partial = try begin()
        try partial.extend(to: CESSLimits.fragmentByteCount)
        try await keep(partial, fid: fid, fragment: .zero)
    }

    // MARK: Reading

    /// A fragment, opened; the descriptor is the caller's.
    struct Opened {
        let descriptor: Int32
        let byteCount: Int
        let modified: Int
    }

    func awaitsReport(_ fragment: FragmentHash, of fid: FID) -> Bool {
        byteCount(reportFolder(fid) + "/" + fragment.hex) == CESSLimits.fragmentByteCount
    }

    /// Nil where the node does not hold it.
    func openFragment(_ fragment: FragmentHash, of fid: FID) throws -> Opened? {
        try open(fileFolder(fid) + "/" + fragment.hex) ?? open(reportFolder(fid) + "/" + fragment.hex)
    }

    /// Nil unless there is a plain file.
    ///
    /// - Throws: where that cannot be told, as when this process has too many files open.
    func open(_ path: String) throws -> Opened? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG].contains(errno) else { throw NodeStoreError("open", path) }
            return nil
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        return Opened(descriptor: descriptor, byteCount: Int(status.st_size), modified: Int(status.st_mtim.tv_sec))
    }

    // MARK: What is there

    /// The FIDs with fragments that wait for a report.
    func waiting() -> [FID] { fids(in: directory + "/report") }

    /// The FIDs with fragments that are stored for good.
    func stored() -> [FID] { fids(in: directory + "/file") }

    /// The whole fragments of this FID that wait for a report.
    func waitingFragments(of fid: FID) -> Set<FragmentHash> { wholeFragments(in: reportFolder(fid)) }

    /// The fragments of this FID that are stored for good.
    func storedFragments(of fid: FID) -> Set<FragmentHash> { wholeFragments(in: fileFolder(fid)) }

    private func wholeFragments(in folder: String) -> Set<FragmentHash> {
        Set(
            entries(of: folder).compactMap { FragmentHash(hex: $0) }
                .filter { byteCount(folder + "/" + $0.hex) == CESSLimits.fragmentByteCount })
    }

    // MARK: Moving and dropping

    /// Settles fragments that waited: those in `kept` are stored for good, the others go. Fragments that came since are
    /// left alone.
    func settle(_ fragments: Set<FragmentHash>, of fid: FID, keeping kept: Set<FragmentHash>) async throws {
        let (source, target) = (reportFolder(fid), fileFolder(fid))
        try await onDisk { [directory] in
            if !kept.isEmpty {
                guard unsafe mkdir(target, 0o700) == 0 || errno == EEXIST else { throw NodeStoreError("mkdir", target) }
                for fragment in kept {
                    guard
                        unsafe rename(source + "/" + fragment.hex, target + "/" + fragment.hex) == 0 || errno == ENOENT
                    else { throw NodeStoreError("rename", source) }
                }
                try Self.sync(target)
                try Self.sync(directory + "/file")
            }
            for fragment in fragments.subtracting(kept) { unsafe unlink(source + "/" + fragment.hex) }
            unsafe rmdir(source)  // stays where fragments came in the meantime
        }
    }

    /// Drops everything that is stored for good of this FID.
    func drop(_ fid: FID) async throws {
        let folder = fileFolder(fid)
        let names = entries(of: folder)
        try await onDisk {
            for name in names { unsafe unlink(folder + "/" + name) }
            unsafe rmdir(folder)
        }
    }

    // MARK: Helpers

    private func reportFolder(_ fid: FID) -> String { directory + "/report/" + fid.hex }
    private func fileFolder(_ fid: FID) -> String { directory + "/file/" + fid.hex }

    private func fids(in folder: String) -> [FID] { entries(of: folder).compactMap { FID(hex: $0) } }

    private func byteCount(_ path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// The names in a directory, none if it is not there.
    func entries(of path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func sync(_ directory: String) throws {
        let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NodeStoreError("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw NodeStoreError("sync", directory) }
    }

    private func onDisk(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            disk.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
