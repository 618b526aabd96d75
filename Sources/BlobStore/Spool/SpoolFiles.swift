internal import CLinux
internal import DriveFormat
internal import Glibc
internal import SystemPackage

/// The spool's directory: one file a segment, 0600, named by volume and number. All calls block.
struct SpoolFiles: Sendable {
    let directory: String

    /// - Throws: `StoreError.spoolUnusable` if the directory cannot be made.
    init(directory: String) throws(StoreError) {
        self.directory = directory
        if unsafe mkdir(directory, 0o700) != 0 && errno != EEXIST {
            throw .spoolUnusable(path: directory, reason: Errno(rawValue: errno).description)
        }
    }

    func path(_ volume: VolumeID, _ segment: Int) -> String { "\(directory)/\(volume)-\(segment).segment" }

    /// Writes bytes at their place and waits until they are on the disk.
    ///
    /// - Throws: `StoreError.spoolFull` or `spoolUnusable`; bytes before `offset` are as they were.
    func write(_ bytes: Span<UInt8>, at offset: Int, of segment: Int, in volume: VolumeID) throws(StoreError) {
        let path = path(volume, segment)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(offset + done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            done += count
        }
        guard fdatasync(descriptor) == 0 else { throw failure(path) }
    }

    /// Writes a sealed segment, zeros behind its bytes, and waits until it is on the disk.
    ///
    /// - Throws: `StoreError.spoolFull` or `spoolUnusable`.
    func writeWhole(_ bytes: Span<UInt8>, of segment: Int, in volume: VolumeID) throws(StoreError) {
        let path = path(volume, segment)
        do {
            var file = try DirectFile(path: path)
            try file.write(bytes)
            // Cut first: a write that was torn by a crash may have left bytes behind the end.
            try file.end(at: bytes.count)
            try file.end(at: SegmentLayout.byteCount)
            try file.sync()
        } catch { throw failure(path, error) }
    }

    /// Bytes of a segment; nil if there is no such file or it is shorter.
    ///
    /// - Parameter isTrimmed: whether zeros at the end may be left out: those that take no room on the disk are.
    /// - Throws: `StoreError.spoolUnusable` where they cannot be read now: the bytes may be whole.
    func read(
        _ range: Range<Int>, of segment: Int, in volume: VolumeID, isTrimmed: Bool = false
    ) throws(StoreError) -> [UInt8]? {
        let path = path(volume, segment)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        defer { close(descriptor) }
        var range = range
        if isTrimmed {
            var status = Glibc.stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
            guard status.st_size >= range.upperBound else { return nil }
            range = range.lowerBound..<Self.endOfData(in: range, descriptor)
        }
        var failed: StoreError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            while initialized < range.count {
                let count = unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: initialized), range.count - initialized,
                    off_t(range.lowerBound + initialized))
                if count < 0 && errno == EINTR { continue }
                if count < 0 { failed = failure(path) }
                guard count > 0 else { return }
                initialized += count
            }
        }
        if let failed { throw failed }
        return bytes.count == range.count ? bytes : nil
    }

    /// Where the hole begins that a range ends in; its end where it ends in none, or the file system knows no holes.
    private static func endOfData(in range: Range<Int>, _ descriptor: Int32) -> Int {
        let hole = lseek(descriptor, off_t(range.lowerBound), Int32(CESSDRIVE_SEEK_HOLE))
        guard hole >= 0, hole < range.upperBound else { return range.upperBound }
        let next = lseek(descriptor, hole, Int32(CESSDRIVE_SEEK_DATA))
        // Behind the last data there is no next.
        guard next >= range.upperBound || next < 0 && errno == ENXIO else { return range.upperBound }
        return max(Int(hole), range.lowerBound)
    }

    /// How long a segment's file is; nil if there is none.
    ///
    /// - Throws: `StoreError.spoolUnusable`.
    func byteCount(of segment: Int, in volume: VolumeID) throws(StoreError) -> Int? {
        let path = path(volume, segment)
        var status = Glibc.stat()
        if unsafe stat(path, &status) == 0 { return Int(status.st_size) }
        if errno == ENOENT { return nil }
        throw failure(path)
    }

    /// - Throws: `StoreError.spoolDamaged` if the file is gone or shorter than a segment, `spoolUnusable` for anything else.
    func map(_ segment: Int, in volume: VolumeID) throws(StoreError) -> MappedFile {
        let path = path(volume, segment)
        do { return try MappedFile(path: path, byteCount: SegmentLayout.byteCount) } catch {
            guard error == .noSuchFileOrDirectory || error == .invalidArgument else { throw failure(path, error) }
            throw .spoolDamaged(volume: volume, segment: segment)
        }
    }

    /// Makes the names in the directory durable.
    func syncDirectory() throws(StoreError) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(directory) }
    }

    /// The files of all other volumes' segments.
    ///
    /// - Throws: `StoreError.spoolUnusable`.
    func names(except volumes: Set<VolumeID>) throws(StoreError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw failure(directory) }
        defer { unsafe closedir(stream) }
        let kept = Set(volumes.map(\.description))
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe String(cString: cessdrive_entry_name(entry))
            if name.hasSuffix(".segment"), !kept.contains(String(name.prefix { $0 != "-" })) { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw failure(directory) }
        return names
    }

    func remove(named name: String) { _ = unsafe unlink("\(directory)/\(name)") }

    func remove(_ segment: Int, in volume: VolumeID) { _ = unsafe unlink(path(volume, segment)) }

    private func failure(_ path: String, _ error: Errno = Errno(rawValue: errno)) -> StoreError {
        [.noSpace, .diskQuotaExceeded].contains(error)
            ? .spoolFull(path: directory) : .spoolUnusable(path: path, reason: error.description)
    }
}
