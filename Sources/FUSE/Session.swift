internal import CFuse
internal import Foundation
internal import Synchronization
public import SystemPackage

/// A file system, mounted: threads take the kernel's requests until it is unmounted.
public final class Session: @unchecked Sendable {  // libfuse takes calls from any thread
    private let session: OpaquePointer
    private let context: Unmanaged<Operations.Context>
    public let mountPoint: FilePath

    /// Mounts it. Blocks for as long as fusermount3 takes.
    ///
    /// - Parameters:
    ///   - options: of mount.fuse3(8), as `allow_other` or `fsname=…`.
    /// - Throws: `MountError`; what fusermount3 has to say it says on standard error.
    public init(_ fileSystem: any FileSystem, at mountPoint: FilePath, options: [String]) throws(MountError) {
        let context = Unmanaged.passRetained(Operations.Context(fileSystem))
        var table = Operations.table()
        var arguments = fuse_args()
        for argument in ["cessdrive", "-o", options.joined(separator: ",")] { fuse_opt_add_arg(&arguments, argument) }
        defer { fuse_opt_free_args(&arguments) }
        let created = fuse_session_new(
            &arguments, &table, MemoryLayout<fuse_lowlevel_ops>.size, context.toOpaque())
        guard let created else {
            context.release()
            throw .badOptions(options.joined(separator: ","))
        }
        guard fuse_session_mount(created, mountPoint.string) == 0 else {
            fuse_session_destroy(created)
            context.release()
            throw .notMounted(mountPoint)
        }
        session = created
        self.context = context
        self.mountPoint = mountPoint
    }

    deinit {
        fuse_session_destroy(session)
        context.release()
    }

    /// Serves requests until the file system is unmounted, by whomever.
    ///
    /// - Parameter threads: that take requests.
    public func serve(threads: Int) async {
        await withTaskGroup { group in
            group.addTask { await self.tellUnheard() }
            await withTaskGroup { group in
                for number in 0..<threads { group.addTask { await self.serve(number) } }
            }
            context.takeUnretainedValue().unheard.continuation.finish()
        }
        // It is unmounted already: this frees what libfuse remembers of it.
        fuse_session_unmount(session)
    }

    private func serve(_ number: Int) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                self.loop()
                continuation.resume()
            }
            thread.name = "fuse \(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    private func loop() {
        var buffer = fuse_buf()
        defer { free(buffer.mem) }
        while fuse_session_exited(session) == 0 {
            let received = fuse_session_receive_buf(session, &buffer)
            if received == -EINTR { continue }
            guard received > 0 else { break }
            fuse_session_process_buf(session, &buffer)
        }
        fuse_session_exit(session)
    }

    // MARK: The kernel's caches

    private func tellUnheard() async {
        for await item in context.takeUnretainedValue().unheard.stream {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    self.invalidate(item)
                    continuation.resume()
                }
            }
        }
    }

    /// Has the kernel forget something.
    ///
    /// Waits for requests that are under way: never called while one is being answered.
    public func invalidate(_ item: Invalidation) {
        switch item {
        case .inode(let inode): _ = fuse_lowlevel_notify_inval_inode(session, inode.rawValue, 0, 0)
        case .attributes(of: let inode): _ = fuse_lowlevel_notify_inval_inode(session, inode.rawValue, -1, 0)
        case .name(let name, let parent):
            (name + [0]).withUnsafeBytes { buffer in
                _ = fuse_lowlevel_notify_inval_entry(
                    session, parent.rawValue, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), name.count)
            }
        }
    }
}

/// What the kernel remembers, and has to forget.
public enum Invalidation: Sendable {
    /// What a name stands for, or that it stands for nothing.
    case name([UInt8], in: InodeNumber)
    /// What an inode is like, and its pages, or what a directory holds.
    case inode(InodeNumber)
    /// What it is like, without its pages.
    case attributes(of: InodeNumber)
}
