import DriveFormat
import Foundation
import Glibc
import Primitives
import SystemPackage
import TestSupport
import Testing

@testable import Drive

struct RestoredLinksTests {
    private let group = LinkGroup(.random())

    private func name(_ text: String, on fileSystem: UInt64, in directory: LocalFile) -> RestoredName {
        RestoredName(Array(text.utf8), in: nil, directory, inode: LocalInode(fileSystem: fileSystem, number: 7))
    }

    @Test func `each file system has a first name, and what failed is none`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
            var links = RestoredLinks()
            func begin(_ group: LinkGroup, _ names: UInt32, on fileSystem: UInt64) -> Bool {
                links.begin(group, names: names, on: fileSystem)
            }
            #expect(!begin(group, 5, on: 1))
            #expect(begin(group, 5, on: 1), "the first is on its way")
            #expect(links.names(of: group).isEmpty)
            links.failed(group)
            #expect(!begin(group, 5, on: 1), "the next is the first")
            links.written(group, as: name("one", on: 1, in: folder))
            #expect(!begin(group, 5, on: 2))
            links.written(group, as: name("two", on: 2, in: folder))
            #expect(Set(links.names(of: group).map(\.name)) == [Array("one".utf8), Array("two".utf8)])
            #expect(begin(group, 5, on: 1))
            links.linked(group)
            #expect(begin(group, 5, on: 1))
            links.linked(group)
            #expect(links.names(of: group).isEmpty, "all five are there, and it is forgotten")
        }
    }

    @Test func `an inode without room for another name, and a file system without links, get copies`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = try LocalFile.openDirectory(Array(directory.path.utf8))
            var links = RestoredLinks()
            func begin(_ group: LinkGroup, _ names: UInt32, on fileSystem: UInt64) -> Bool {
                links.begin(group, names: names, on: fileSystem)
            }
            #expect(!begin(group, 9, on: 1))
            links.written(group, as: name("one", on: 1, in: folder))
            links.refused(group, on: 1, .tooManyLinks)
            #expect(!begin(group, 9, on: 1), "another copy is the first now")
            links.written(group, as: name("two", on: 1, in: folder))
            links.refused(group, on: 1, .improperLink)
            #expect(begin(group, 9, on: 1))
            links.refused(group, on: 1, .notPermitted)
            #expect(!begin(group, 9, on: 1))
            let other = LinkGroup(.random())
            #expect(!begin(other, 2, on: 1))
            #expect(!begin(group, 9, on: 2))
        }
    }

    @Test func `only what was restored is linked, not what has taken its place`() async throws {
        try await withTemporaryDirectory { directory in
            let top = try LocalFile.openDirectory(Array(directory.path.utf8))
            let manager = FileManager.default
            for path in ["a/b", "c"] {
                try manager.createDirectory(at: directory.appending(path: path), withIntermediateDirectories: true)
            }
            let file = directory.appending(path: "a/b/file")
            try Data([1]).write(to: file)
            let inode = try LocalFile.status(of: Array(file.path.utf8), followingLinks: false).inode
            let way = RestoredDirectory(
                Array("b".utf8), in: RestoredDirectory(Array("a".utf8), in: nil, top), top)
            let name = RestoredName(Array("file".utf8), in: way, top, inode: inode)
            let target = try top.openDirectory(named: Array("c".utf8))
            func link(_ new: String, replacing: Bool = false) throws -> Bool {
                try name.link(to: Array(new.utf8), in: target, by: Array("temporary".utf8), replacing: replacing)
            }
            #expect(try link("new"))
            #expect(try target.status(of: Array("new".utf8)).inode == inode)
            #expect(throws: Errno.fileExists) { try link("new") }
            #expect(try link("new", replacing: true))
            #expect(try target.names() == [Array("new".utf8)], "nothing is left beside it")

            try manager.moveItem(at: file, to: directory.appending(path: "kept"))
            try Data([2]).write(to: file)
            #expect(try !link("other"))
            try manager.moveItem(at: directory.appending(path: "a"), to: directory.appending(path: "moved"))
            try manager.createSymbolicLink(atPath: directory.appending(path: "a").path, withDestinationPath: "moved")
            #expect(throws: Errno.self) { try link("other") }
            #expect(try target.names() == [Array("new".utf8)])
        }
    }
}
