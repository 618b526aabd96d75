internal import Dispatch
public import Drive
internal import FUSE
public import Logging
internal import Synchronization
public import SystemPackage

/// A drive, mounted as a local folder.
public final class Mount: Sendable {
    private let mounted: MountedDrive
    private let session: Session
    private let reader: DriveReader
    private let options: MountOptions
    private let logger: Logger
    /// Set for a commit of the past, which nothing changes any more.
    private let isFixed: Bool

    /// Threads that take the kernel's requests: what is at hand is answered on them.
    private static let threadCount = 4

    /// Mounts it; `serve` has to follow.
    ///
    /// - Parameters:
    ///   - snapshot: a commit of the past; nil for the drive as it is and will be.
    /// - Throws: `MountError`; what reading the drive throws.
    public init(
        _ drive: Drive, at mountPoint: FilePath, snapshot: Snapshot? = nil, options: MountOptions, logger: Logger
    ) async throws {
        reader = try await drive.reader()
        isFixed = snapshot != nil
        let first = if let snapshot { snapshot } else { try await reader.head() }
        mounted = MountedDrive(first, options: options, logger: logger)
        self.options = options
        self.logger = logger
        let (mounted, list) = (mounted, options.list(drive.name))
        session = try await Self.onThread { try Session(mounted, at: mountPoint, options: list) }
    }

    /// Serves requests until the drive is unmounted, by whomever. When the task is cancelled it unmounts the drive itself; what
    /// programs have open goes on for as long as they have it.
    ///
    /// - Throws: `CancellationError` after that.
    public func serve() async throws {
        let point = MountPoint(session.mountPoint)
        // Ends with the session.
        let following = isFixed ? nil : Task { await self.follow() }
        defer { following?.cancel() }
        await withTaskCancellationHandler {
            await session.serve(threads: Self.threadCount)
        } onCancel: {
            DispatchQueue.global().async { try? point.unmount(lazily: true) }
        }
        try Task.checkCancellation()
    }

    /// Takes over what other machines commit.
    private func follow() async {
        while (try? await Task.sleep(for: options.pollInterval)) != nil {
            do {
                let invalid = try await mounted.adopt(try await reader.head())
                await forget(invalid)
            } catch {
                logger.info("the head could not be looked up", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The kernel waits for its own requests there, so never on a thread that others wait for.
    private func forget(_ invalid: [Invalidation]) async {
        guard !invalid.isEmpty else { return }
        let session = session
        _ = try? await Self.onThread {
            for item in invalid {
                switch item {
                case .name(let place): session.invalidate(place.name, in: place.parent)
                case .inode(let number): session.invalidate(number)
                }
            }
        }
    }

    private static func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }
}

extension MountOptions {
    /// As mount.fuse3(8) has them.
    fileprivate func list(_ name: String) -> [String] {
        // A comma would end the name.
        let label = name.map { $0 == "," || $0 == "\\" ? "_" : $0 }
        var list = ["fsname=cessdrive:\(String(label))", "subtype=cessdrive", "default_permissions"]
        if isReadOnly { list.append("ro") }
        if allowsOthers { list.append("allow_other") }
        return list + others
    }
}
