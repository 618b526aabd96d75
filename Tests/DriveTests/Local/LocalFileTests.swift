import Foundation
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
