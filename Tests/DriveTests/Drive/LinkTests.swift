import BlobStore
import DriveFormat
import Foundation
import Glibc
import Primitives
import SCALE
import TestSupport
import Testing

@testable import Drive

/// What a name of the drive stands for, all below a directory: content by path, and the paths that share an inode.
struct LinkedTree: Equatable {
    var contents: [String: String] = [:]
    /// Sets of paths of one link group, each with more than none.
    var groups: Set<Set<String>> = []
}

extension Snapshot {
    /// Reads everything, and expects that each group counts its names as they are, and that none is without.
    func linkedTree(_ context: String = "") async throws -> LinkedTree {
        var tree = LinkedTree()
        var paths: [LinkGroup: Set<String>] = [:]
        func walk(_ directory: String) async throws {
            var found: [(String, Entry)] = []
            try await list(DrivePath(directory)) { name, entry in
                found.append(("\(directory)/\(String(decoding: name, as: UTF8.self))", entry))
            }
            for (path, entry) in found {
                if entry.type == .directory { try await walk(path) }
                if let group = entry.linkGroup { paths[group, default: []].insert(path) }
                if entry.type == .file { tree.contents[path] = String(decoding: try await bytes(path), as: UTF8.self) }
            }
        }
        try await walk("")
        var counted: [LinkGroup: Int] = [:]
        if let links = commit.links {
            for try await item in trees.links.entries(of: links) {
                counted[try LinkGroup(scaleBytes: item.key)] = Int(try LinkedInode(scaleBytes: item.value).names)
            }
        }
        #expect(counted == paths.mapValues(\.count), "\(context)")
        tree.groups = Set(paths.values)
        return tree
    }
}

struct LinkTests {
    private func link(_ old: URL, _ new: URL) throws {
        try FileManager.default.createDirectory(at: new.deletingLastPathComponent(), withIntermediateDirectories: true)
        try #require(Glibc.link(old.path, new.path) == 0, "\(new.path): \(errno)")
    }

    private func inode(_ url: URL) throws -> UInt64 {
        let status = try LocalFile.status(of: Array(url.path.utf8), followingLinks: false)
        return status.inode.number
    }

    private func path(_ url: URL) -> [UInt8] { Array(url.path.utf8) }

    @Test func `names of one file are one file in the drive and come back as one, across directories`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(300_000)
            _ = try fixture.write(content, to: "tree/a/one")
            try link(fixture.path("tree/a/one"), fixture.path("tree/b/c/two"))
            try link(fixture.path("tree/a/one"), fixture.path("tree/a/three"))
            _ = try fixture.write(Array("short".utf8), to: "tree/a/short")
            try link(fixture.path("tree/a/short"), fixture.path("tree/z"))
            _ = try fixture.write([9], to: "tree/lonely")
            try #require(mkfifo(fixture.path("tree/pipe").path, 0o600) == 0)
            try link(fixture.path("tree/pipe"), fixture.path("tree/b/pipe"))
            try FileManager.default.createSymbolicLink(
                atPath: fixture.path("tree/symlink").path, withDestinationPath: "nowhere")
            try link(fixture.path("tree/symlink"), fixture.path("tree/b/symlink"))
            let report = try await drive.put(path(fixture.path("tree")), to: "/tree")
            #expect(report.failures.isEmpty && report.files == 6 && report.bytes == 300_006)

            let head = try await fixture.drive().head()
            let tree = try await head.linkedTree()
            #expect(
                tree.groups == [
                    ["/tree/a/one", "/tree/a/three", "/tree/b/c/two"], ["/tree/a/short", "/tree/z"],
                    ["/tree/b/pipe", "/tree/pipe"], ["/tree/b/symlink", "/tree/symlink"],
                ])
            let one = try await head.inode(at: DrivePath("/tree/b/c/two"))
            #expect(one.names == 3 && one.entry.size == 300_000)
            #expect(try await head.bytes("/tree/b/c/two") == content)
            #expect(try await head.inode(at: DrivePath("/tree/lonely")).names == 1)

            let got = try await head.get(
                [DrivePath("/tree")], to: path(fixture.path("out")), into: false, replacing: false)
            #expect(got.failures.isEmpty && got.files == 6)
            for names in [
                ["a/one", "a/three", "b/c/two"], ["a/short", "z"], ["pipe", "b/pipe"], ["symlink", "b/symlink"],
            ] {
                #expect(Set(try names.map { try inode(fixture.path("out/\($0)")) }).count == 1, "\(names)")
            }
            #expect(try fixture.read("out/b/c/two") == content)
            #expect(try fixture.read("out/z") == Array("short".utf8))
            // Times of directories are those of the drive, whatever was linked into them later.
            for name in ["a", "b", "b/c", ""] {
                let (was, is_) = (fixture.path("tree/\(name)"), fixture.path("out/\(name)"))
                #expect(
                    try LocalFile.status(of: path(was), followingLinks: false).modified
                        == LocalFile.status(of: path(is_), followingLinks: false).modified, "\(name)")
            }
            // Once more over what is there.
            let again = try await head.get(
                [DrivePath("/tree")], to: path(fixture.path("out")), into: false, replacing: true)
            #expect(again.failures.isEmpty)
            #expect(try inode(fixture.path("out/a/one")) == inode(fixture.path("out/b/c/two")))
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.path("out/a").path)
            #expect(names.sorted() == ["one", "short", "three"], "nothing is left beside them")
        }
    }

    @Test func `an unchanged tree with links makes no commit and keeps its groups`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write(noise(5000), to: "tree/a/one")
            try link(fixture.path("tree/a/one"), fixture.path("tree/b/two"))
            _ = try fixture.write([1], to: "tree/b/other")
            _ = try await drive.put(path(fixture.path("tree")), to: "/tree")
            let before = try await drive.head().entry(at: DrivePath("/tree/b/two"))
            let (report, result) = try await fixture.drive().put(
                [path(fixture.path("tree"))], to: DrivePath("/tree"), into: false, options: ChangeOptions())
            #expect(!result.hasCommit && report.unchanged == 3 && report.files == 0 && report.bytes == 0)
            // Another name is another commit, with all in one group.
            try link(fixture.path("tree/a/one"), fixture.path("tree/0"))
            _ = try await drive.put(path(fixture.path("tree")), to: "/tree")
            let head = try await drive.head()
            #expect(try await head.linkedTree().groups == [["/tree/0", "/tree/a/one", "/tree/b/two"]])
            #expect(try await head.entry(at: DrivePath("/tree/b/two")) != before)
            let again = try await drive.put(
                [path(fixture.path("tree"))], to: DrivePath("/tree"), into: false, options: ChangeOptions())
            #expect(!again.result.hasCommit)
        }
    }

    @Test func `a file of which one name is stored is a file of its own, and the next put joins it to the others`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write(noise(5000), to: "tree/one")
            try link(fixture.path("tree/one"), fixture.path("tree/two"))
            _ = try await drive.put(path(fixture.path("tree/one")), to: "/one")
            #expect(try await drive.head().linkedTree().groups == [])
            let (_, unchanged) = try await drive.put(
                [path(fixture.path("tree/one"))], to: DrivePath("/one"), into: false, options: ChangeOptions())
            #expect(!unchanged.hasCommit)
            // In two sources of one put they are found, too.
            let both = ["tree/one", "tree/two"].map { path(fixture.path($0)) }
            let (report, _) = try await drive.put(both, to: .root, into: true, options: ChangeOptions())
            #expect(report.bytes == 0, "nothing is read again")
            #expect(try await drive.head().linkedTree().groups == [["/one", "/two"]])
            // And one name of a group that is stored again by itself stays in it.
            let (_, single) = try await drive.put(
                [path(fixture.path("tree/two"))], to: DrivePath("/two"), into: false, options: ChangeOptions())
            #expect(!single.hasCommit)
        }
    }

    @Test func `two sources that are one file under one name are one name`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write([1, 2, 3], to: "x/f")
            try link(fixture.path("x/f"), fixture.path("y/f"))
            _ = try fixture.write([4], to: "z/f")
            try link(fixture.path("x/f"), fixture.path("y/g"))
            func put(_ names: [String], to directory: String) async throws {
                let sources = names.map { path(fixture.path($0)) }
                _ = try await drive.put(sources, to: DrivePath(directory), into: true, options: ChangeOptions())
            }
            try await put(["x/f", "y/f"], to: "/a")
            #expect(try await drive.head().linkedTree().contents == ["/a/f": "\u{1}\u{2}\u{3}"])
            // The first name was replaced before the second was seen.
            try await put(["x/f", "z/f", "y/g"], to: "/b")
            let tree = try await drive.head().linkedTree()
            #expect(tree.contents["/b/f"] == "\u{4}" && tree.contents["/b/g"] == "\u{1}\u{2}\u{3}")
        }
    }

    @Test func `names that are removed, replaced and moved are counted, and the last takes the group away`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let options = ChangeOptions()
            _ = try fixture.write(Array("linked".utf8), to: "tree/d/one")
            for name in ["d/two", "d/e/three", "four"] {
                try link(fixture.path("tree/d/one"), fixture.path("tree/\(name)"))
            }
            _ = try await drive.put(path(fixture.path("tree")), to: "/")
            func groups() async throws -> Set<Set<String>> { try await drive.head().linkedTree().groups }
            #expect(try await groups() == [["/d/one", "/d/two", "/d/e/three", "/four"]])
            _ = try await drive.move(DrivePath("/d"), to: DrivePath("/moved"), options: options)
            #expect(try await groups() == [["/moved/one", "/moved/two", "/moved/e/three", "/four"]])
            _ = try await drive.move(DrivePath("/four"), to: DrivePath("/moved/two"), options: options)
            #expect(try await groups() == [["/moved/one", "/moved/two", "/moved/e/three"]])
            _ = try await drive.put(fixture.write([1], to: "new"), to: "/moved/one")
            #expect(try await groups() == [["/moved/two", "/moved/e/three"]])
            _ = try await drive.put(stream: { _ in [] }, to: DrivePath("/moved/two"), options: options)
            #expect(try await groups() == [["/moved/e/three"]])
            #expect(try await drive.head().bytes("/moved/e/three") == Array("linked".utf8))
            _ = try await drive.remove([DrivePath("/moved/e")], recursive: true, options: options)
            #expect(try await groups() == [])
            #expect(try await drive.head().commit.links == nil)
            // Each state has its own links.
            let then = try await drive.snapshot(at: "head~5")
            #expect(try await then.linkedTree().groups == [["/d/one", "/d/two", "/d/e/three", "/four"]])
            #expect(try await then.inode(at: DrivePath("/four")).names == 4)
        }
    }

    @Test func `where the first name is taken the others are one file still`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for (directory, length) in [("small", 10), ("large", 200_000)] {
                _ = try fixture.write(noise(length), to: "tree/\(directory)/a")
                for name in ["b", "c"] {
                    try link(fixture.path("tree/\(directory)/a"), fixture.path("tree/\(directory)/\(name)"))
                }
                _ = try fixture.write([7], to: "out/\(directory)/a")
            }
            _ = try await drive.put(path(fixture.path("tree")), to: "/tree")
            let got = try await drive.head().get(
                [DrivePath("/tree")], to: path(fixture.path("out")), into: false, replacing: false)
            #expect(got.failures.count == 2 && got.files == 4)
            for directory in ["small", "large"] {
                #expect(try fixture.read("out/\(directory)/a") == [7])
                #expect(try fixture.read("out/\(directory)/c") == fixture.read("tree/\(directory)/a"))
                #expect(try inode(fixture.path("out/\(directory)/b")) == inode(fixture.path("out/\(directory)/c")))
            }
        }
    }

    @Test func `a name whose group is missing is damaged, and nothing else`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "whole"), to: "/d/whole")
            for name in ["lost", "gone"] {
                _ = try await drive.change(ChangeOptions()) { context in
                    let entry = Entry(.file, in: LinkGroup(.random()))
                    let root = try await context.editor.set(entry, at: DrivePath("/d/\(name)"), in: context.root)
                    return DriveState(root: root, links: context.state.links)
                }
            }
            let head = try await drive.head()
            #expect(try await head.names("/d") == ["gone", "lost", "whole"])
            #expect(try await head.inode(of: head.entry(at: DrivePath("/d/lost"))) == nil)
            do {
                _ = try await head.bytes("/d/lost")
                Issue.record("it was read")
            } catch DriveError.damagedName(let path) { #expect(path == (try DrivePath("/d/lost"))) }
            let got = try await head.get(
                [DrivePath("/d")], to: path(fixture.path("out")), into: false, replacing: false)
            #expect(got.failures.count == 2 && got.files == 1)
            #expect(got.failures.allSatisfy { $0.reason.hasPrefix("damaged") })
            #expect(try fixture.read("out/whole") == [1])
            // It can be moved, replaced and removed.
            _ = try await drive.move(DrivePath("/d/lost"), to: DrivePath("/moved"), options: ChangeOptions())
            _ = try await drive.put(fixture.write([2], to: "anew"), to: "/moved")
            #expect(try await drive.head().bytes("/moved") == [2])
            _ = try await drive.remove([DrivePath("/d")], recursive: true, options: ChangeOptions())
            #expect(try await drive.head().linkedTree().contents == ["/moved": "\u{2}"])
        }
    }

    /// A file of this machine as the model has it: each change of the inode is another version.
    private struct Version: Hashable {
        var inode: Int
        var number: Int
        var content: String
    }

    /// Random edits of a tree on this machine, each followed by a put that merges it into the drive, and random edits there.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `the drive keeps names together as the machine has them, and counts them`(seed: UInt64) async throws {
        try await DriveFixture.with { fixture in
            var random = SplitMix64(seed: seed)
            let drive = try await fixture.created()
            var local: [String: Version] = [:]
            var model: [String: Version] = [:]
            var inodeCount = 0
            try FileManager.default.createDirectory(at: fixture.path("tree"), withIntermediateDirectories: true)
            for round in 0..<5 {
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    try edit(&local, &inodeCount, in: fixture, using: &random)
                }
                _ = try await drive.put(path(fixture.path("tree")), to: "/")
                for (name, version) in local { model["/\(name)"] = version }
                let tree = try await Self.expect(drive, model, "seed \(seed), round \(round)")
                for (name, version) in local {
                    let others = local.filter { $0.value == version }.keys.map { "/\($0)" }
                    guard others.count > 1 else { continue }
                    #expect(
                        tree.groups.first { $0.contains("/\(name)") }?.isSuperset(of: others) == true,
                        "seed \(seed), round \(round), \(name)")
                }
                guard let name = model.keys.sorted().randomElement(using: &random) else { continue }
                let target = ["/a", "/b", "/m"].randomElement(using: &random) ?? "/m"
                if Bool.random(using: &random) {
                    _ = try await drive.remove([DrivePath(name)], recursive: true, options: ChangeOptions())
                    model[name] = nil
                } else if target != name {
                    _ = try await drive.move(DrivePath(name), to: DrivePath(target), options: ChangeOptions())
                    model[target] = model.removeValue(forKey: name)
                }
                try await Self.expect(drive, model, "seed \(seed), edit \(round)")
            }
            let head = try await drive.head()
            let got = try await head.get([.root], to: path(fixture.path("out")), into: true, replacing: false)
            #expect(got.failures.isEmpty)
            let groups = try await head.linkedTree().groups
            for (name, version) in model {
                #expect(try fixture.read("out\(name)") == Array(version.content.utf8), "seed \(seed), \(name)")
                let own = try inode(fixture.path("out\(name)"))
                let same = try model.keys.filter { try inode(fixture.path("out\($0)")) == own }
                #expect(Set(same) == groups.first { $0.contains(name) } ?? [name], "seed \(seed), \(name)")
            }
        }
    }

    /// Makes, links, writes or removes a file.
    private func edit(
        _ local: inout [String: Version], _ inodeCount: inout Int, in fixture: DriveFixture,
        using random: inout SplitMix64
    ) throws {
        let name = ["a", "b", "d/a", "d/b", "d/e/c", "f/c", "f/g"].randomElement(using: &random) ?? "a"
        func change(_ inode: Int, to content: String? = nil) {
            for (name, version) in local where version.inode == inode {
                local[name]?.number = version.number + 1
                if let content { local[name]?.content = content }
            }
        }
        if let gone = local.removeValue(forKey: name) {
            try FileManager.default.removeItem(at: fixture.path("tree/\(name)"))
            change(gone.inode)
        }
        let other = local.keys.sorted().randomElement(using: &random)
        switch (Int.random(in: 0..<4, using: &random), other) {
        case (0, _): return
        case (1, let other?):
            try link(fixture.path("tree/\(other)"), fixture.path("tree/\(name)"))
            local[name] = local[other]
            change(local[other]?.inode ?? 0)
        case (2, let other?):
            let content = "written \(random.next())"
            let handle = try FileHandle(forWritingTo: fixture.path("tree/\(other)"))
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Data(content.utf8))
            try handle.close()
            change(local[other]?.inode ?? 0, to: content)
        default:
            inodeCount += 1
            let length = [3, 200, 5000].randomElement(using: &random) ?? 3
            let content = "\(inodeCount) " + String(repeating: "x", count: length)
            _ = try fixture.write(Array(content.utf8), to: "tree/\(name)")
            local[name] = Version(inode: inodeCount, number: 0, content: content)
        }
    }

    /// Contents are those of the model, and names that are together stand for one version of one file.
    @discardableResult
    private static func expect(
        _ drive: Drive, _ model: [String: Version], _ context: String
    ) async throws -> LinkedTree {
        let tree = try await drive.head().linkedTree(context)
        #expect(tree.contents == model.mapValues(\.content), "\(context)")
        for group in tree.groups { #expect(Set(group.map { model[$0] }).count == 1, "\(context): \(group)") }
        return tree
    }
}
