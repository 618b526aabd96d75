internal import Glibc
public import SystemPackage

/// What can go wrong between two processes of one user on one machine.
public enum LocalSocketError: Error, Equatable {
    /// Nothing serves this socket.
    case notListening
    /// The path is longer than a socket's may be.
    case pathTooLong(FilePath)
    /// The other end belongs to another user.
    case foreignPeer(userID: UInt32)
    /// The socket's directory is not a directory of this user's that nobody else can enter.
    case unsafeDirectory(FilePath)
    /// A system call failed.
    case system(Errno)

    /// Of the call that failed just now.
    static var lastSystemError: LocalSocketError { .system(Errno(rawValue: errno)) }
}
