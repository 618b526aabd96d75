internal import Drive
internal import DriveFormat
internal import FUSE
internal import Logging
internal import Synchronization
internal import SystemPackage

/// A drive as the kernel sees it.
///
/// What is known is answered on the thread that brought the question; what has to be read, from the cache's disk or from the
/// network, is answered later, so that nobody waits behind it.
///
/// Design: Docs/Design.md, section 10.
final class MountedDrive: Sendable {
    let options: MountOptions
    let logger: Logger
    let owners = LocalOwners()
    private let state: Mutex<State>

    struct State {
        var table = InodeTable()
        /// What the root is a state of.
        var view: View
        var listings: [UInt64: DirectoryListing] = [:]
        var lastHandle: UInt64 = 0
        var statistics: SpaceStatistics?
    }

    init(_ snapshot: Snapshot, options: MountOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        var state = State(view: View(snapshot))
        _ = state.table.insertRoot(.root, snapshot.root, of: state.view, parent: .root)
        self.state = Mutex(state)
    }

    func with<R>(_ body: (inout sending State) throws -> sending R) rethrows -> sending R { try state.withLock(body) }

    /// An inode that the kernel has been told of.
    ///
    /// - Throws: `Errno.staleNFSFileHandle` for another one.
    func inode(_ number: InodeNumber) throws(Errno) -> Inode {
        guard let inode = state.withLock({ Held($0.table[number]) }).inode else { throw .staleNFSFileHandle }
        return inode
    }

    private struct Held: Sendable {
        let inode: Inode?
        init(_ inode: Inode?) { self.inode = inode }
    }

    /// So long the kernel may believe what it was told: it is told when something changes.
    static let trust: Double = 3600

    /// Answers later, with the errors that programs know.
    func later<A: Answer>(_ reply: Reply<A>, _ work: @escaping @Sendable () async throws -> A) {
        let logger = logger
        reply.later(within: options.deadline) {
            do { return try await work() } catch let error as Errno { throw error } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("a request failed", metadata: ["error": "\(error)"])
                throw Errno(error)
            }
        }
    }
}

extension Errno {
    /// What a program is told of an error of the drive's.
    init(_ error: any Error) {
        switch error {
        case let error as Errno: self = error
        case DriveError.notFound: self = .noSuchFileOrDirectory
        case DriveError.notADirectory: self = .notDirectory
        case DriveError.isADirectory: self = .isDirectory
        default: self = .ioError
        }
    }
}
