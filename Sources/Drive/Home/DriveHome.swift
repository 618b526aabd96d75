internal import CLinux
internal import Glibc
public import SystemPackage

/// The directory of one drive on this machine: keystore, state, spool, lock. Everything in it is sealed, or public.
public struct DriveHome: Sendable {
    public let name: String
    public let directory: FilePath

    /// Where all drives of a user are, and the name of this one: a single path component.
    ///
    /// - Throws: `DriveError.invalidPath` for a name that is not.
    public init(name: String, in drives: FilePath) throws(DriveError) {
        guard let component = FilePath.Component(name), component.kind == .regular, name.utf8.count <= 200 else {
            throw .invalidPath(name, reason: "a drive's name has no slash and is not '.' or '..'")
        }
        self.name = name
        directory = drives.appending(component)
    }

    public var keystore: FilePath { directory.appending("keystore") }
    public var database: FilePath { directory.appending("store.sqlite") }
    public var spool: FilePath { directory.appending("spool") }
    /// Where mounts keep what they have fetched, and what was changed and is in no commit yet.
    public var mounts: FilePath { directory.appending("mounts") }
    /// Who holds this carries a commit to the network.
    var lock: FilePath { directory.appending("lock") }
    /// Who holds this puts something into the spool.
    var spoolLock: FilePath { directory.appending("spool.lock") }

    public var exists: Bool { unsafe access(keystore.string, F_OK) == 0 }

    /// Makes the directory and those above it, 0700.
    func create() throws(DriveError) {
        var path = FilePath(root: directory.root, [])
        for component in directory.components {
            path.append(component)
            guard unsafe mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
                throw .unwritable(path: path.string, reason: Errno(rawValue: errno).description)
            }
        }
    }

    /// The drives that this user has here, by name.
    public static func names(in drives: FilePath) -> [String] {
        guard let stream = unsafe opendir(drives.string) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe String(cString: cessdrive_entry_name(entry))
            guard let home = try? DriveHome(name: name, in: drives), home.exists else { continue }
            names.append(name)
        }
        return names.sorted()
    }
}
