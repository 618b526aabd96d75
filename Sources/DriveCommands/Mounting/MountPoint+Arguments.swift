import CLinux
import FUSE
import Foundation
import Glibc
import SystemPackage

extension MountPoint {
    /// A directory that exists, also where what is mounted there has lost its process.
    ///
    /// - Throws: `MountCommandError`.
    init(existing path: FilePath) throws {
        // Of an abandoned mount nothing can be asked, but of the directory that holds it.
        let manager = FileManager.default
        let absolute = FilePath(manager.currentDirectoryPath).pushing(path).lexicallyNormalized()
        var parent = absolute
        guard let name = parent.lastComponent, parent.removeLastComponent() else {
            throw MountCommandError.notADirectory(path)
        }
        let real = URL(fileURLWithPath: parent.string).resolvingSymlinksInPath().path
        let point = MountPoint(FilePath(real).appending(name))
        if point.state == .abandoned {
            self = point
            return
        }
        let type = try? URL(fileURLWithPath: point.path.string).resolvingSymlinksInPath().resourceValues(forKeys: [
            .isDirectoryKey
        ])
        guard type?.isDirectory == true else {
            throw MountCommandError.notADirectory(path)
        }
        self.init(FilePath(URL(fileURLWithPath: point.path.string).resolvingSymlinksInPath().path))
    }
}

extension MountPoint {
    /// The mount of ours that a path lies in.
    ///
    /// - Throws: `MountCommandError.notInAMount`.
    init(holding path: FilePath) throws {
        let absolute = FilePath(FileManager.default.currentDirectoryPath).pushing(path).lexicallyNormalized()
        var place = FilePath(URL(fileURLWithPath: absolute.string).resolvingSymlinksInPath().path)
        repeat {
            let point = MountPoint(place)
            if point.state == .ours {
                self = point
                return
            }
        } while place.removeLastComponent()
        throw MountCommandError.notInAMount(path)
    }

    /// Has the kernel hand over what it has of files that were written. Blocks.
    func synchronize() throws {
        let directory = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        defer { try? directory.close() }
        guard cessdrive_sync_file_system(directory.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
}
