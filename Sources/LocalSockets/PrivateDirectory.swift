internal import Glibc
public import SystemPackage

/// The directory of a socket: whoever can enter it could stand in the place of who serves it.
public enum PrivateDirectory {
    /// Makes the directory, with mode 0700, unless it is there.
    public static func make(_ path: FilePath) throws(LocalSocketError) {
        if unsafe path.withPlatformString({ unsafe mkdir($0, 0o700) }) != 0, errno != EEXIST { throw .lastSystemError }
        try check(path)
    }

    /// - Throws: `unsafeDirectory` unless it is a directory, no link, of this user's, that nobody else can enter;
    ///   `notListening` if it does not exist.
    public static func check(_ path: FilePath) throws(LocalSocketError) {
        var status = stat()
        guard unsafe path.withPlatformString({ unsafe lstat($0, &status) }) == 0 else {
            if errno == ENOENT { throw .notListening }
            throw .lastSystemError
        }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw .unsafeDirectory(path)
        }
    }
}
