internal import Glibc
internal import SystemPackage

/// The directory of an agent's socket: whoever can enter it could stand in the agent's place.
enum PrivateDirectory {
    /// Makes the directory, with mode 0700, unless it is there.
    static func make(_ path: FilePath) throws(AgentError) {
        if unsafe path.withPlatformString({ unsafe mkdir($0, 0o700) }) != 0, errno != EEXIST { throw .lastSystemError }
        try check(path)
    }

    /// - Throws: `unsafeDirectory` unless it is a directory, no link, of this user's, that nobody else can enter;
    ///   `notRunning` if it does not exist.
    static func check(_ path: FilePath) throws(AgentError) {
        var status = stat()
        guard unsafe path.withPlatformString({ unsafe lstat($0, &status) }) == 0 else {
            if errno == ENOENT { throw .notRunning }
            throw .lastSystemError
        }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw .unsafeDirectory(path)
        }
    }
}
