internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
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
    let owners = OwnerNames()
    /// The living drive, as it is in its newest commit.
    let liveView: View
    let cache: LocalCache
    /// What is under `.snapshots`; nil for a mount of the past.
    let history: History?
    /// The right to change something. Whoever has it may look at inodes without the lock of
    /// the state; that is taken after it.
    let changing = NSLock()
    private let state: Mutex<State>

    struct State {
        var table = InodeTable()
        /// The number of the last change.
        var revision: UInt64 = 0
        /// The last attempt to commit.
        var attempt: Attempt?
        /// The commit that is being made.
        var committing: UnderWay?
        var listings: [UInt64: DirectoryListing] = [:]
        var files: [UInt64: FileHandle] = [:]
        var lastHandle: UInt64 = 0
        /// What the territory has room for, as it was looked up last.
        var space: DriveSpace?
        /// Inodes with several names that are not as in the drive.
        var changedGroups: [LinkGroup: Inode] = [:]
        /// The cache's files of what the drive has, by what names it there, and how many open inodes read from each.
        var contentFiles: [[UInt8]: ContentFile] = [:]
    }

    struct ContentFile {
        let file: FileNumber
        var users = 0
    }

    let fetching = Fetching()

    init(_ snapshot: Snapshot, history: History?, cache: LocalCache, options: MountOptions, logger: Logger) {
        self.options = options
        self.history = history
        self.logger = logger
        self.cache = cache
        liveView = View(snapshot)
        var state = State()
        _ = state.table.insertRoot(.root, snapshot.root, of: liveView)
        if history != nil {
            // Another view than the drive's: nothing can be made there.
            _ = state.table.insertRoot(.snapshots, History.directory(of: snapshot), of: View(snapshot))
        }
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

    /// What an inode is now.
    ///
    /// - Throws: as above.
    func content(of number: InodeNumber) throws(Errno) -> InodeContent {
        let inode = try inode(number)
        return state.withLock { _ in inode.content }
    }

    /// An inode on its way out of a lock.
    struct Held: Sendable {
        let inode: Inode?
        init(_ inode: Inode?) { self.inode = inode }
    }

    /// So long the kernel may believe what it was told: it is told when something changes.
    static let trust: Double = 3600

    /// Answers at once, with the errors that programs know.
    func now<A: Answer>(_ reply: Reply<A>, _ work: () throws -> A) {
        do { reply(try work()) } catch { reply.fail(Errno(error)) }
    }

    /// Answers later, with the errors that programs know.
    func later<A: Answer>(_ reply: Reply<A>, _ work: @escaping @Sendable () async throws -> A) {
        let logger = logger
        reply.later(within: options.deadline) {
            do { return try await work() } catch let error as Errno { throw error } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("a request failed", metadata: ["error": "\(loggable(error))"])
                throw Errno(error)
            }
        }
    }
}

/// An error as it may stand in a log: those of the drive tell paths, which are never on a disk in the clear.
func loggable(_ error: any Error) -> String { error is DriveError ? "DriveError" : "\(error)" }

extension Errno {
    /// What a program is told of an error of the drive's.
    init(_ error: any Error) {
        switch error {
        case let error as Errno: self = error
        case CacheError.full: self = .noSpace
        case CacheError.tooLarge: self = .fileTooLarge
        case DriveError.notFound: self = .noSuchFileOrDirectory
        case DriveError.notADirectory: self = .notDirectory
        case DriveError.isADirectory: self = .isDirectory
        default: self = .ioError
        }
    }
}
