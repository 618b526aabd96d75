import Glibc
import SystemPackage

/// Where files lie, by the XDG base directory rules.
struct Paths: Sendable, Equatable {
    /// `config.toml`.
    let configuration: FilePath
    /// Drives: keystores, spools, journals; the local network unless told otherwise.
    let state: FilePath
    /// What can be fetched again.
    let cache: FilePath
    /// What lives as long as the login: sockets, the local network's address.
    let runtime: FilePath

    /// - Parameter environment: as `ByteText`.
    /// - Parameter ownsDirectory: whether a path is a directory that belongs to this user.
    init(environment: [String: String], userID: UInt32 = getuid(), ownsDirectory: (FilePath) -> Bool = Self.isOurs) {
        let home = FilePath(byteText: Self.home(environment))
        func base(_ variable: String, _ otherwise: String) -> FilePath {
            // The specification: a relative path is invalid and to be ignored.
            if let path = environment[variable], path.hasPrefix("/") { return FilePath(byteText: path) }
            return home.appending(FilePath(otherwise).components)
        }
        let state = base("XDG_STATE_HOME", ".local/state")
        configuration = base("XDG_CONFIG_HOME", ".config").appending("cessdrive")
        self.state = state.appending("cessdrive")
        cache = base("XDG_CACHE_HOME", ".cache").appending("cessdrive")

        let session = FilePath("/run/user/\(userID)")
        if let path = environment["XDG_RUNTIME_DIR"], path.hasPrefix("/") {
            runtime = FilePath(byteText: path).appending("cessdrive")
        } else if ownsDirectory(session) {
            runtime = session.appending("cessdrive")
        } else {
            runtime = state.appending("cessdrive")
        }
    }

    var configurationFile: FilePath { configuration.appending("config.toml") }
    /// The address of the local network, which `--network local` reads.
    var localNetworkFile: FilePath { runtime.appending("localnet.json") }
    var localNetwork: FilePath { state.appending("localnet") }

    /// The database, for one, knows its own place as text: in another it would not be found again.
    ///
    /// - Throws: `PathsError.notText`.
    func checkAreText() throws {
        for path in [configuration, state, cache, runtime] where String(validating: path) == nil {
            throw PathsError.notText(path)
        }
    }

    private static func home(_ environment: [String: String]) -> String {
        if let home = environment["HOME"], home.hasPrefix("/") { return home }
        if let entry = unsafe getpwuid(getuid()), let home = unsafe entry.pointee.pw_dir {
            return unsafe ByteText.text(of: UnsafeRawBufferPointer(start: home, count: strlen(home)))
        }
        return "/"
    }

    private static func isOurs(_ path: FilePath) -> Bool {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == getuid()
    }
}

enum PathsError: Reportable, Equatable, CustomStringConvertible {
    case notText(FilePath)
    case cannotMake(FilePath, cause: String)

    var description: String {
        switch self {
        case .notText(let path): "cessdrive cannot keep anything in \(path): this name is not text in UTF-8"
        case .cannotMake(let path, let cause): "the directory \(path) cannot be made: \(cause)"
        }
    }

    var hint: String? { "set HOME, or XDG_STATE_HOME, XDG_CACHE_HOME and their like, to directories that can be used" }
    var exitStatus: ExitStatus { .failed }
}
