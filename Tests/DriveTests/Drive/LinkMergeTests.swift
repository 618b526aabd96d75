import BlobStore
import DriveFormat
import Foundation
import Glibc
import Sealing
import TestSupport
import Testing

@testable import Drive

struct LinkMergeTests {
    /// A machine that has staged a change and one that commits meanwhile; then the first carries its change on.
    private struct Machines {
        let fixture: DriveFixture
        let ours: Drive
        let theirs: Drive

        static func with(_ body: (Machines) async throws -> Void) async throws {
            try await DriveFixture.with { fixture in
                let ours = try await fixture.created()
                let theirs = try fixture.drive(home: "second", device: .random())
                _ = try await theirs.adopt(fixture.root)
                try await body(Machines(fixture: fixture, ours: ours, theirs: theirs))
            }
        }

        var staged: ChangeOptions {
            var options = ChangeOptions()
            options.stage = .staged
            return options
        }

        func put(_ files: [[String]], from name: String, by drive: Drive, _ options: ChangeOptions = .init())
            async throws
        {
            for names in files { try link(names, in: name) }
            _ = try await drive.put(Array(fixture.path(name).path.utf8), to: "/t", options: options)
        }

        /// Makes one file of this machine with all these names; its content is its source and first name.
        private func link(_ names: [String], in directory: String) throws {
            let first = names[0]
            _ = try fixture.write(Array("\(directory) \(first)".utf8), to: "\(directory)/\(first)")
            for name in names.dropFirst() {
                let target = fixture.path("\(directory)/\(name)")
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try #require(Glibc.link(fixture.path("\(directory)/\(first)").path, target.path) == 0)
            }
        }

        /// Changes the inode itself, and none of its names.
        func rewrite(
            _ path: String, to content: String, by drive: Drive, _ options: ChangeOptions = .init()
        ) async throws {
            _ = try await drive.change(options) { context in
                let name = try #require(try await context.trees.entry(at: DrivePath(path), from: context.root))
                var inode = try #require(try await context.trees.inode(of: name, in: context.state.links)).entry
                inode.content = .inline(Array(content.utf8))
                inode.size = UInt64(content.utf8.count)
                let links = try await LinkCounts(context.trees).applied(
                    to: context.state.links, updates: [try #require(name.linkGroup): inode]
                ) { _ in nil }
                return DriveState(root: context.root, links: links)
            }
        }

        /// What both did, seen by both.
        func merged() async throws -> LinkedTree {
            #expect(try await ours.finish(ChangeOptions()) != nil)
            let tree = try await ours.head().linkedTree()
            #expect(try await theirs.head().linkedTree() == tree)
            return tree
        }
    }

    @Test func `a name that both have removed is counted once`() async throws {
        try await Machines.with { machines in
            try await machines.put([["a", "b", "c"]], from: "base", by: machines.ours)
            _ = try await machines.ours.remove([DrivePath("/t/a")], recursive: false, options: machines.staged)
            _ = try await machines.theirs.remove(
                [DrivePath("/t/a"), DrivePath("/t/b")], recursive: false, options: ChangeOptions())
            let tree = try await machines.merged()
            #expect(tree == LinkedTree(contents: ["/t/c": "base a"], groups: [["/t/c"]]))
        }
    }

    @Test func `copies of linked files that both have changed stay linked to each other`() async throws {
        try await Machines.with { machines in
            try await machines.put([["a", "d/b"]], from: "base", by: machines.ours)
            try await machines.put([["a", "d/b", "own"]], from: "our", by: machines.ours, machines.staged)
            try await machines.put([["a", "d/b"]], from: "their", by: machines.theirs)
            let tree = try await machines.merged()
            let contents = Dictionary(grouping: tree.contents.keys, by: { tree.contents[$0] ?? "" }).mapValues(Set.init)
            #expect(contents["their a"] == ["/t/a", "/t/d/b"])
            #expect(contents["our a"]?.count == 3 && contents.count == 2)
            #expect(contents["our a"]?.contains("/t/own") == true)
            #expect(contents["our a"]?.filter { $0.contains(" (conflict ") }.count == 2)
            #expect(tree.groups == Set(contents.values))
        }
    }

    @Test func `equal files under names of different groups are no conflict`() async throws {
        try await Machines.with { machines in
            try await machines.put([["a", "b"]], from: "base", by: machines.ours, machines.staged)
            let source = Array(machines.fixture.path("base").path.utf8)
            _ = try await machines.theirs.put(source, to: "/t")
            let tree = try await machines.merged()
            #expect(tree.contents == ["/t/a": "base a", "/t/b": "base a"] && tree.groups == [["/t/a", "/t/b"]])
        }
    }

    @Test func `an inode that one side has changed is changed for all its names`() async throws {
        for isOurs in [true, false] {
            try await Machines.with { machines in
                try await machines.put([["a", "d/b"], ["x"]], from: "base", by: machines.ours)
                let (changing, other) = isOurs ? (machines.ours, machines.theirs) : (machines.theirs, machines.ours)
                if isOurs {
                    try await machines.rewrite("/t/a", to: "changed", by: changing, machines.staged)
                    _ = try await other.remove([DrivePath("/t/x")], recursive: false, options: ChangeOptions())
                } else {
                    _ = try await other.remove([DrivePath("/t/x")], recursive: false, options: machines.staged)
                    try await machines.rewrite("/t/a", to: "changed", by: changing)
                }
                let tree = try await machines.merged()
                #expect(tree.contents == ["/t/a": "changed", "/t/d/b": "changed"])
                #expect(tree.groups == [["/t/a", "/t/d/b"]])
            }
        }
    }

    @Test func `an inode that both have changed is kept as both left it`() async throws {
        try await Machines.with { machines in
            try await machines.put([["a", "d/b"]], from: "base", by: machines.ours)
            try await machines.rewrite("/t/a", to: "ours", by: machines.ours, machines.staged)
            try await machines.rewrite("/t/a", to: "theirs", by: machines.theirs)
            let tree = try await machines.merged()
            #expect(tree.groups == [["/t/a", "/t/d/b"]] && tree.contents.count == 3)
            #expect(tree.contents["/t/a"] == "theirs" && tree.contents["/t/d/b"] == "theirs")
            #expect(tree.contents.first { $0.key.hasPrefix("/t/a (conflict ") }?.value == "ours")
        }
    }

    @Test func `an inode that one side has changed outlives the other's removal of its names`() async throws {
        try await Machines.with { machines in
            try await machines.put([["d/a", "d/b"], ["x"]], from: "base", by: machines.ours)
            // What they have changed stays under the names that we have removed, as with any file.
            _ = try await machines.ours.remove([DrivePath("/t/d")], recursive: true, options: machines.staged)
            try await machines.rewrite("/t/d/a", to: "theirs", by: machines.theirs)
            var tree = try await machines.merged()
            #expect(tree.contents == ["/t/d/a": "theirs", "/t/d/b": "theirs", "/t/x": "base x"])
            // And what we have changed is kept under its name, in the nearest directory that is there.
            try await machines.rewrite("/t/d/a", to: "ours", by: machines.ours, machines.staged)
            _ = try await machines.theirs.remove([DrivePath("/t/d")], recursive: true, options: ChangeOptions())
            tree = try await machines.merged()
            #expect(tree.groups == [] && tree.contents == ["/t/a": "ours", "/t/x": "base x"])
        }
    }

    @Test func `a name that we replace is not lost with an inode that they have changed`() async throws {
        try await Machines.with { machines in
            try await machines.put([["a", "b"]], from: "base", by: machines.ours)
            try await machines.put([["a"]], from: "our", by: machines.ours, machines.staged)
            try await machines.rewrite("/t/b", to: "theirs", by: machines.theirs)
            let tree = try await machines.merged()
            #expect(tree.groups == [["/t/a", "/t/b"]] && tree.contents["/t/a"] == "theirs")
            #expect(tree.contents.first { $0.key.hasPrefix("/t/a (conflict ") }?.value == "our a")
        }
    }

    /// Random changes of two machines: each name is what a three-way merge makes of it, and groups count exactly.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `two machines' links are merged name by name`(seed: UInt64) async throws {
        try await Machines.with { machines in
            var random = SplitMix64(seed: seed)
            let names = ["a", "b", "c", "d", "e"]
            var puts = 0
            func files() -> [[String]] {
                var files: [[String]] = []
                for name in names.shuffled(using: &random).prefix(Int.random(in: 2...5, using: &random)) {
                    if files.isEmpty || Bool.random(using: &random) {
                        files.append([name])
                    } else {
                        files[Int.random(in: 0..<files.count, using: &random)].append(name)
                    }
                }
                return files
            }
            /// Changes the drive and the model of it alike.
            func change(_ model: inout [String: String], by drive: Drive, _ options: ChangeOptions) async throws {
                let name = model.keys.sorted().randomElement(using: &random)
                switch (Int.random(in: 0..<4, using: &random), name) {
                case (0, let name?):
                    _ = try await drive.remove([DrivePath("/t/\(name)")], recursive: false, options: options)
                    model[name] = nil
                case (1, let name?):
                    let target = names.filter { $0 != name }.randomElement(using: &random) ?? "f"
                    _ = try await drive.move(
                        DrivePath("/t/\(name)"), to: DrivePath("/t/\(target)"), options: options)
                    model[target] = model.removeValue(forKey: name)
                default:
                    puts += 1
                    let stored = files()
                    try await machines.put(stored, from: "put\(puts)", by: drive, options)
                    for names in stored { for name in names { model[name] = "put\(puts) \(names[0])" } }
                }
            }
            var base: [String: String] = [:]
            let first = files()
            try await machines.put(first, from: "base", by: machines.ours)
            for names in first { for name in names { base[name] = "base \(names[0])" } }
            var (our, their) = (base, base)
            try await change(&our, by: machines.ours, machines.staged)
            for _ in 0..<2 { try await change(&their, by: machines.theirs, ChangeOptions()) }

            var expected: [String: String] = [:]
            var copies: [String] = []
            for name in names {
                let (old, ours, theirs) = (base[name], our[name], their[name])
                if ours == old || ours == theirs { expected["/t/\(name)"] = theirs; continue }
                if theirs == old || theirs == nil { expected["/t/\(name)"] = ours; continue }
                expected["/t/\(name)"] = theirs
                if let ours { copies.append(ours) }
            }
            let tree = try await machines.merged()
            #expect(tree.contents.filter { !$0.key.contains(" (conflict ") } == expected, "seed \(seed)")
            #expect(
                tree.contents.filter { $0.key.contains(" (conflict ") }.values.sorted() == copies.sorted(),
                "seed \(seed)")
            // Names that were stored together and are there are one file still.
            for group in tree.groups { #expect(Set(group.map { tree.contents[$0] }).count == 1, "seed \(seed)") }
            for (content, names) in Dictionary(grouping: tree.contents.keys, by: { tree.contents[$0] ?? "" })
            where names.count > 1 {
                #expect(tree.groups.contains { $0.isSuperset(of: names) }, "seed \(seed): \(content) \(names)")
            }
        }
    }
}
