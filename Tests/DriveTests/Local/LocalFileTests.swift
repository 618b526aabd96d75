import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Drive

struct LocalFileTests {
    @Test func `no change that comes after a file was looked at goes unnoticed, not even one in the same tick`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "file").path
            for number in 0..<40 {
                try Data([UInt8(number)]).write(to: URL(filePath: path))
                let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
                let before = try folder.openFile(named: Array("file".utf8)).settledStatus()
                let handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle.write(contentsOf: Data([0xff]))
                try handle.close()
                let after = try folder.status(of: Array("file".utf8))
                #expect(after.size == before.size)
                #expect(after.changed != before.changed, "change \(number)")
            }
        }
    }

    @Test func `names of every length are listed as they are`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
            let names = (1...255).map { length in (0..<length).map { UInt8(128 + $0 % 100) } }
            for name in names { try folder.createFile(named: name).close() }
            #expect(try folder.names() == names.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test func `what a file system says only when a file is closed is an error, and said once`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
            let file = try folder.createFile(named: Array("file".utf8))
            // A number that no other test is given: this one is closed behind the owner's back.
            let copy = LocalFile(descriptor: fcntl(file.descriptor, F_DUPFD_CLOEXEC, 900))
            #expect(close(copy.descriptor) == 0)
            #expect(throws: Errno.badFileDescriptor) { try copy.close() }
            try copy.close()
            try file.write([1, 2, 3], at: 0)
            try file.sync()
            try file.close()
            try file.close()
            #expect(try folder.status(of: Array("file".utf8)).size == 3)
        }
    }

    @Test func `a file whose time of change is in the past is not waited for`() async throws {
        try await withTemporaryDirectory { directory in
            try Data([1]).write(to: directory.appending(path: "file"))
            let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
            let file = try folder.openFile(named: Array("file".utf8))
            let first = try file.settledStatus()
            #expect(first.changed < .tick)
            #expect(try file.settledStatus().changed == first.changed)
        }
    }
}
