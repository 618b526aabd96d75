public import SystemPackage

/// What can go wrong with a keystore.
public enum KeystoreError: Error, Equatable, CustomStringConvertible {
    case absent(FilePath)
    /// Creating found something there; it was left alone.
    case exists(FilePath)
    /// The file is no keystore at all.
    case notAKeystore
    /// A later release wrote it.
    case unknownVersion(UInt8)
    /// The checksum does not fit: the file is damaged, whatever the passphrase.
    case damaged
    /// The file is whole, but this passphrase does not open it.
    case wrongPassphrase
    /// The file asks for less work than is safe, or for more than is sane.
    case refusedParameters(memory: Int, passes: Int)
    /// Argon2id needs this much memory, which the system does not give.
    case outOfMemory(byteCount: Int)
    /// A name is longer than the record has room for.
    case tooLong(field: String, limit: Int)
    /// A system call failed.
    case system(Errno, path: FilePath)

    public var description: String {
        switch self {
        case .absent(let path): "there is no keystore at \(path)"
        case .exists(let path): "there is a file at \(path) already"
        case .notAKeystore: "this is not a keystore"
        case .unknownVersion(let version): "the keystore has version \(version), which this release does not know"
        case .damaged: "the keystore is damaged"
        case .wrongPassphrase: "the passphrase does not open the keystore"
        case .refusedParameters(let memory, let passes):
            "the keystore asks for \(memory) bytes of memory and \(passes) passes, which is refused"
        case .outOfMemory(let byteCount): "opening the keystore takes \(byteCount) bytes of memory, which are not there"
        case .tooLong(let field, let limit): "the \(field) is longer than \(limit) bytes"
        case .system(let error, let path): "\(path): \(error)"
        }
    }
}
