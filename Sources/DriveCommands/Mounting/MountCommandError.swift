import SystemPackage

enum MountCommandError: Reportable, CustomStringConvertible {
    case notADirectory(FilePath)
    case mountedAlready(FilePath)
    case somethingElse(FilePath)
    case notMounted(FilePath)
    /// The process that was to serve it has ended.
    case failed(FilePath, ExitStatus?, lastLine: String, log: FilePath)
    case silent(FilePath, log: FilePath)
    /// The process that serves a mount does not say what it should.
    case noAnswer
    /// Unmounted, and not all that was changed is in the drive.
    case stillLocal(FilePath, count: Int, cause: String?)
    case notInAMount(FilePath)
    /// Files are in the directory that would not be seen.
    case occupied(FilePath)

    var description: String {
        switch self {
        case .notADirectory(let path): "\(path) is not a directory"
        case .mountedAlready(let path): "a drive is mounted at \(path) already"
        case .somethingElse(let path): "something else is mounted at \(path)"
        case .notMounted(let path): "no drive is mounted at \(path)"
        case .failed(let path, _, let line, _): line.isEmpty ? "nothing could be mounted at \(path)" : line
        case .silent(let path, _): "\(path) was not mounted within a minute"
        case .noAnswer: "the process that serves the mount does not answer"
        case .stillLocal(let path, let count, let cause):
            "\(count) changes made in \(path) are on this machine only" + (cause.map { ": \($0)" } ?? "")
        case .notInAMount(let path): "\(path) is in no mount of yours"
        case .occupied(let path): "\(path) is not empty: what is in it could not be seen any more"
        }
    }

    var hint: String? {
        switch self {
        case .notADirectory(let path): "mkdir -p \(path)"
        case .mountedAlready(let path): "cessdrive umount \(path)"
        case .somethingElse, .notMounted, .noAnswer, .notInAMount: nil
        case .stillLocal: "'cessdrive status' names them, and the next mount goes on with them"
        case .occupied: "mount at an empty directory, or with -o nonempty"
        case .failed(_, _, _, let log), .silent(_, let log): "what it said is in \(log)"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .notADirectory, .notMounted, .notInAMount: .notFound
        case .mountedAlready, .somethingElse, .occupied: .busy
        case .stillLocal: .incomplete
        case .failed(_, let status, _, _): status ?? .failed
        case .silent, .noAnswer: .temporary
        }
    }
}
