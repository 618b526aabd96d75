internal import Glibc
internal import Primitives
package import SystemPackage

/// Small files for their owner's eyes, written whole and durably or not at all.
package enum PrivateFile {
    /// The file's bytes; nil if there is none.
    ///
    /// - Throws: `notAKeystore` if it is longer than `limit` or no regular file; `system`.
    static func read(_ path: FilePath, limit: Int) throws(KeystoreError) -> [UInt8]? {
        do throws(Errno) {
            // Without O_NONBLOCK, opening a FIFO would wait for a writer.
            let file = try errno { try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) }
            defer { try? file.close() }
            var bytes = [UInt8](repeating: 0, count: limit + 1)
            var count = 0
            while count < bytes.count {
                let read = try errno { try bytes.read(from: file, at: count) }
                if read == 0 { break }
                count += read
            }
            guard count <= limit else { throw .fileTooLarge }
            return Array(bytes[..<count])
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            if error == .fileTooLarge || error == .isDirectory { throw .notAKeystore }
            throw .system(error, path: path)
        }
    }

    /// Writes a file where none is.
    ///
    /// - Throws: `exists`, `system`.
    static func create(_ path: FilePath, _ bytes: [UInt8]) throws(KeystoreError) {
        try place(bytes, at: path) { (temporary) throws(Errno) in
            // A link, unlike a renaming, never takes another file's place. Some file systems have none.
            let result = unsafe temporary.withPlatformString { old in
                unsafe path.withPlatformString { new in unsafe link(old, new) }
            }
            if result == 0 { return }
            let error = Errno(rawValue: Glibc.errno)
            guard error == .notPermitted || error == .notSupportedOnSocket else { throw error }
            if unsafe path.withPlatformString({ unsafe access($0, F_OK) }) == 0 { throw .fileExists }
            try rename(temporary, path)
        }
    }

    /// Writes a file in the place of the one that is there.
    package static func replace(_ path: FilePath, _ bytes: [UInt8]) throws(KeystoreError) {
        try place(bytes, at: path) { (temporary) throws(Errno) in
            try rename(temporary, path)
        }
    }

    private static func rename(_ old: FilePath, _ new: FilePath) throws(Errno) {
        let result = unsafe old.withPlatformString { old in
            unsafe new.withPlatformString { new in unsafe Glibc.rename(old, new) }
        }
        if result != 0 { throw Errno(rawValue: Glibc.errno) }
    }

    /// Writes a durable temporary file beside `path`, lets `move` put it there, and makes that durable too.
    private static func place(
        _ bytes: [UInt8], at path: FilePath, _ move: (FilePath) throws(Errno) -> Void
    ) throws(KeystoreError) {
        let directory = path.removingLastComponent()
        let temporary = directory.appending(".cessdrive-\(Bytes16.random().hex)")
        do throws(Errno) {
            defer { unsafe temporary.withPlatformString { _ = unsafe unlink($0) } }  // unless it was renamed
            try write(bytes, to: temporary)
            try move(temporary)
            try synchronize(directory.isEmpty ? "." : directory)
        } catch {
            if error == .fileExists { throw .exists(path) }
            throw .system(error, path: path)
        }
    }

    private static func write(_ bytes: [UInt8], to path: FilePath) throws(Errno) {
        let file = try errno {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        }
        defer { try? file.close() }
        _ = try errno { try file.writeAll(bytes) }
        try synchronize(file)
    }

    private static func synchronize(_ directory: FilePath) throws(Errno) {
        let file = try errno { try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec]) }
        defer { try? file.close() }
        try synchronize(file)
    }

    private static func synchronize(_ file: FileDescriptor) throws(Errno) {
        if fsync(file.rawValue) != 0 { throw Errno(rawValue: Glibc.errno) }
    }

    /// SystemPackage throws nothing but `Errno`, but does not say so in types.
    private static func errno<R>(_ body: () throws -> R) throws(Errno) -> R {
        do { return try body() } catch { throw error as? Errno ?? .ioError }
    }
}

extension [UInt8] {
    fileprivate mutating func read(from file: FileDescriptor, at offset: Int) throws -> Int {
        try unsafe withUnsafeMutableBytes {
            try unsafe file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[offset...]))
        }
    }
}
