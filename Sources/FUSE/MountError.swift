public import SystemPackage

/// Why something is not mounted, or not unmounted.
public enum MountError: Error, Hashable, CustomStringConvertible {
    case badOptions(String)
    case notMounted(FilePath)
    /// Something in it is open, or somebody's working directory.
    case busy(FilePath)
    case notUnmounted(FilePath, String)

    public var description: String {
        switch self {
        case .badOptions(let options): "libfuse does not know all of the options '\(options)'"
        case .notMounted(let path): "nothing could be mounted at \(path)"
        case .busy(let path): "\(path) is in use"
        case .notUnmounted(let path, let reason): "\(path) could not be unmounted: \(reason)"
        }
    }
}
