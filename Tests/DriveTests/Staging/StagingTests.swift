import BlobStore
import DriveFormat
import Foundation
import Primitives
import Sealing
import TestSupport
import Testing

@testable import Drive

struct StagingTests {
    private struct Failure: Error {}

    @Test func `directories are made and changed, and only what changes is stored`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await drive.stage(on: drive.head()) { staging, root in
                let file = try await staging.file([1])
                let many = (0..<3000).map { (name: name("file \($0)"), entry: Entry?.some(file)) }
                let directory = try await staging.directory(.newDirectory(), applying: many.shuffled())
                return try await staging.directory(root, applying: [(name("many"), directory)])
            }
            let first = try await drive.head()
            #expect(try await first.names("/many").count == 3000)
            try await drive.stage(on: first) { staging, root in
                let many = try #require(await staging.entry(named: name("many"), in: root))
                #expect(try await staging.entry(named: name("none"), in: root) == nil)
                #expect(try await staging.entry(named: name("file 7"), in: many)?.size == 1)
                let before = await staging.sealedByteCount
                let edits: [(name: [UInt8], entry: Entry?)] = [
                    (name("file 99"), nil), (name("file 100"), try await staging.file([2])), (name("absent"), nil),
                ]
                let changed = try await staging.directory(many, applying: edits)
                #expect(await staging.sealedByteCount - before < 60_000, "a leaf, and what is above it")
                return try await staging.directory(root, applying: [(name("many"), changed)])
            }
            let second = try await drive.head()
            #expect(try await second.names("/many").count == 2999)
            #expect(try await second.bytes("/many/file 100") == [2])
            #expect(try await second.bytes("/many/file 101") == [1])
        }
    }

    @Test func `a renamed directory costs its name`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 0..<400 {
                _ = try fixture.write(noise(300, seed: UInt64(number)), to: "tree/\(number % 7)/\(number)")
            }
            _ = try await drive.put(Array(fixture.path("tree").path.utf8), to: "/a/tree")
            let first = try await drive.head()
            try await drive.stage(on: first) { staging, root in
                let a = try #require(await staging.entry(named: name("a"), in: root))
                let tree = try #require(await staging.entry(named: name("tree"), in: a))
                let before = await staging.sealedByteCount
                let without = try await staging.directory(a, applying: [(name("tree"), nil)])
                let new = try await staging.directory(
                    root, applying: [(name("a"), without), (name("moved"), tree)])
                #expect(await staging.sealedByteCount - before < 3000)
                return new
            }
            let second = try await drive.head()
            #expect(try await second.names("/a").isEmpty)
            #expect(try await second.bytes("/moved/3/10") == noise(300, seed: 10))
            #expect(
                try await first.entry(at: DrivePath("/a/tree")) == second.entry(at: DrivePath("/moved")))
        }
    }

    @Test func `what changes nothing makes no commit, and neither does what fails`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1, 2], to: "file"), to: "/d/file")
            let head = try await drive.head()
            let declared = fixture.network.declarations.count
            let none = try await drive.commit(ChangeOptions()) { staging in
                _ = try await staging.file(noise(5000))
                return nil
            }
            let same = try await drive.stage(on: head) { staging, root in
                let directory = try #require(await staging.entry(named: name("d"), in: root))
                let file = try #require(await staging.entry(named: name("file"), in: directory))
                let again = try await staging.directory(directory, applying: [(name("file"), file)])
                return try await staging.directory(root, applying: [(name("d"), again)])
            }
            #expect(!none.hasCommit && !same.hasCommit)
            await #expect(throws: Failure.self) {
                _ = try await drive.commit(ChangeOptions()) { staging in
                    _ = try await staging.file(noise(5000))
                    throw Failure()
                }
            }
            await #expect(throws: DriveError.self) {
                try await drive.stage(on: head) { try await $0.directory($1, applying: [(name("a/b"), nil)]) }
            }
            #expect(fixture.network.declarations.count == declared)
            #expect(try await drive.head().id == head.id)
        }
    }

    @Test func `attributes are kept, few and many`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let small = [Attribute(name: name("user.b"), value: [1]), Attribute(name: name("user.a"), value: [2])]
            let large = [Attribute(name: name("user.c"), value: noise(5000))]
            try await drive.stage(on: drive.head()) { staging, root in
                var (one, two) = (try await staging.file([1]), try await staging.file([2]))
                one.attributes = try await staging.attributes(small)
                two.attributes = try await staging.attributes(large)
                #expect(try await staging.attributes([]) == .none)
                await #expect(throws: DriveError.self) {
                    try await staging.attributes([Attribute(name: [], value: [])])
                }
                return try await staging.directory(root, applying: [(name("one"), one), (name("two"), two)])
            }
            let head = try await fixture.drive().head()
            #expect(try await head.attributes(of: head.entry(at: DrivePath("/one"))) == small.reversed())
            #expect(try await head.attributes(of: head.entry(at: DrivePath("/two"))) == large)
        }
    }

    // MARK: Several names

    @Test func `names of one inode are made, changed and taken away`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let group = LinkGroup(.random())
            let link = Entry(.file, in: group)
            func change(_ edits: [(String, Entry?)], _ text: String?) async throws -> LinkedTree {
                let snapshot = try await drive.head()
                _ = try await drive.commit(ChangeOptions()) { staging in
                    var inodes: [LinkGroup: Entry] = [:]
                    if let text { inodes[group] = try await staging.file(name(text)) }
                    let root = try await staging.directory(
                        snapshot.root, applying: edits.map { (name($0.0), $0.1) })
                    return StagedChange(
                        base: snapshot.root, baseLinks: snapshot.links, root: root, inodes: inodes)
                }
                return try await drive.head().linkedTree()
            }
            #expect(try await change([("one", link), ("two", link)], "first").groups == [["/one", "/two"]])
            #expect(try await change([], "second").contents == ["/one": "second", "/two": "second"])
            #expect(try await change([("one", nil), ("three", link)], nil).groups == [["/two", "/three"]])
            #expect(try await change([("two", nil)], "third").contents == ["/three": "third"])
            #expect(try await change([("three", nil)], nil).contents.isEmpty)
            #expect(try await drive.head().links == nil)
        }
    }

    @Test func `names keep being counted in directories that move`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let group = LinkGroup(.random())
            _ = try await drive.commit(ChangeOptions()) { staging in
                let root = try await drive.head().root
                let link = Entry(.file, in: group)
                let names = [(name("one"), link), (name("two"), link)].map { (name: $0.0, entry: Entry?.some($0.1)) }
                let inner = try await staging.directory(.newDirectory(), applying: names)
                let outer = try await staging.directory(.newDirectory(), applying: [(name("inner"), inner)])
                return StagedChange(
                    base: root, baseLinks: nil,
                    root: try await staging.directory(root, applying: [(name("a"), outer), (name("b"), inner)]),
                    inodes: [group: try await staging.file(name("text"))])
            }
            let first = try await drive.head()
            #expect(try await first.linkedTree().groups.first?.count == 4)
            try await drive.stage(on: first) { staging, root in
                let outer = try #require(await staging.entry(named: name("a"), in: root))
                let inner = try #require(await staging.entry(named: name("inner"), in: outer))
                // One of two equal directories goes, the other one moves, and is there a third time.
                return try await staging.directory(
                    root, applying: [(name("a"), nil), (name("b"), nil), (name("c"), inner), (name("d"), outer)])
            }
            #expect(
                try await drive.head().linkedTree().groups == [["/c/one", "/c/two", "/d/inner/one", "/d/inner/two"]])
            try await drive.stage(on: drive.head()) { staging, root in
                try await staging.directory(root, applying: [(name("d"), nil)])
            }
            #expect(try await drive.head().linkedTree().groups == [["/c/one", "/c/two"]])
        }
    }

    // MARK: Other machines

    @Test func `what another machine has committed meanwhile is merged`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for file in ["common", "deleted", "kept"] {
                _ = try await drive.put(fixture.write(Array("old".utf8), to: file), to: "/d/\(file).txt")
            }
            let snapshot = try await drive.head()
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            _ = try await other.put(fixture.write(Array("their".utf8), to: "x"), to: "/d/common.txt")
            _ = try await other.put(fixture.write(Array("their".utf8), to: "x"), to: "/d/theirs.txt")
            _ = try await other.remove([DrivePath("/d/deleted.txt")], recursive: false, options: ChangeOptions())
            try await drive.stage(on: snapshot) { staging, root in
                let file = try await staging.file(name("our"))
                let directory = try #require(await staging.entry(named: name("d"), in: root))
                let changed = try await staging.directory(
                    directory, applying: [(name("common.txt"), file), (name("ours.txt"), file)])
                return try await staging.directory(root, applying: [(name("d"), changed)])
            }
            for machine in [drive, other] {
                let head = try await machine.head()
                let names = try await head.names("/d")
                #expect(names.count == 5 && names.first?.hasPrefix("common (conflict ") == true, "\(names)")
                #expect(names.dropFirst() == ["common.txt", "kept.txt", "ours.txt", "theirs.txt"])
                #expect(try await head.bytes("/d/common.txt") == name("their"))
                #expect(try await head.bytes("/d/\(names[0])") == name("our"))
                #expect(try await head.bytes("/d/ours.txt") == name("our"))
            }
        }
    }

    @Test func `a directory keeps the mode that another machine gave it while names in it changed`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await drive.stage(on: drive.head()) { staging, root in
                let directory = try await staging.directory(.newDirectory())
                return try await staging.directory(root, applying: [(name("d"), directory)])
            }
            let base = try await drive.head()
            func change(_ mode: UInt16, _ file: String) async throws {
                try await drive.stage(on: base) { staging, root in
                    var directory = try #require(await staging.entry(named: name("d"), in: root))
                    directory.mode = mode
                    let file = (name: name(file), entry: Entry?.some(try await staging.file([1])))
                    let changed = try await staging.directory(directory, applying: [file])
                    return try await staging.directory(root, applying: [(name("d"), changed)])
                }
            }
            try await change(0o700, "theirs")
            try await change(0o755, "ours")
            let head = try await drive.head()
            #expect(try await head.entry(at: DrivePath("/d")).mode == 0o700)
            #expect(try await head.names("/d") == ["ours", "theirs"])
        }
    }

    @Test func `a directory that is put back has no names of what is gone`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let began = try await drive.head()
            let group = LinkGroup(.random())
            _ = try await drive.commit(ChangeOptions()) { staging in
                let link = Entry(.file, in: group)
                let inner = try await staging.directory(.newDirectory(), applying: [(name("one"), link)])
                let outer = try await staging.directory(
                    .newDirectory(), applying: [(name("inner"), inner), (name("two"), link)])
                return StagedChange(
                    base: began.root, baseLinks: nil,
                    root: try await staging.directory(began.root, applying: [(name("a"), outer)]),
                    inodes: [group: try await staging.file(name("text"))])
            }
            let before = try await drive.head().entry(at: DrivePath("/a"))
            _ = try await drive.remove([DrivePath("/a")], recursive: true, options: ChangeOptions())
            let now = try await drive.head()
            #expect(now.links == nil)
            _ = try await drive.commit(ChangeOptions()) { staging in
                let changed = try await staging.directory(
                    before, applying: [(name("new"), try await staging.file(name("new")))])
                return StagedChange(
                    base: try await staging.directory(now.root, applying: [(name("a"), before)]), baseLinks: nil,
                    root: try await staging.directory(now.root, applying: [(name("a"), changed)]), bringsBack: true)
            }
            let head = try await drive.head()
            #expect(try await head.names("/a") == ["inner", "new"])
            #expect(try await head.names("/a/inner").isEmpty)
            #expect(try await head.bytes("/a/new") == name("new"))
        }
    }

    @Test func `a name may have what it had when its change began`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write(Array("old".utf8), to: "x"), to: "/file.txt")
            let began = try await drive.head().entry(at: DrivePath("/file.txt"))
            _ = try await drive.put(fixture.write(Array("their".utf8), to: "x"), to: "/file.txt")
            let now = try await drive.head()
            _ = try await drive.commit(ChangeOptions()) { staging in
                let file = try await staging.file(name("our"))
                return StagedChange(
                    base: try await staging.directory(now.root, applying: [(name("file.txt"), began)]),
                    baseLinks: now.links,
                    root: try await staging.directory(now.root, applying: [(name("file.txt"), file)]))
            }
            let head = try await drive.head()
            let names = try await head.names("/")
            #expect(names.count == 2 && names.last == "file.txt")
            #expect(try await head.bytes("/file.txt") == name("their"))
            #expect(try await head.bytes("/\(names[0])") == name("our"))
        }
    }

    @Test func `a change sees what an earlier one has left undone, and may build on it`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (old, group) = (try await drive.head(), LinkGroup(.random()))
            var options = ChangeOptions()
            options.stage = .staged
            _ = try await drive.commit(options) { staging in
                let edits: [(name: [UInt8], entry: Entry?)] = [
                    (name("file"), try await staging.file(name("first"))), (name("link"), Entry(.file, in: group)),
                ]
                return StagedChange(
                    base: old.root, baseLinks: old.links, root: try await staging.directory(old.root, applying: edits),
                    inodes: [group: try await staging.file(name("linked"))])
            }
            _ = try await drive.commit(ChangeOptions()) { staging in
                #expect(try await staging.entry(named: name("file"), in: staging.root)?.size == 5)
                let link = try #require(await staging.entry(named: name("link"), in: staging.root))
                #expect(try await staging.inode(of: link)?.entry.size == 6)
                return StagedChange(
                    base: staging.root, baseLinks: staging.links,
                    root: try await staging.directory(
                        staging.root, applying: [(name("file"), try await staging.file(name("second")))]))
            }
            let head = try await drive.head()
            #expect(try await head.names("/") == ["file", "link"])
            #expect(try await head.bytes("/file") == name("second"))
            #expect(try await head.linkedTree().groups == [["/link"]])
        }
    }

    @Test func `inodes that both sides have changed are kept twice`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (mine, both) = (LinkGroup(.random()), LinkGroup(.random()))
            let names = [("m1", mine), ("m2", mine), ("b1", both), ("b2", both)]
            let first = try await drive.head()
            _ = try await drive.commit(ChangeOptions()) { staging in
                let old = try await staging.file(name("old"))
                return StagedChange(
                    base: first.root, baseLinks: nil,
                    root: try await staging.directory(
                        first.root, applying: names.map { (name($0.0), Entry(.file, in: $0.1)) }),
                    inodes: [mine: old, both: old])
            }
            let base = try await drive.head()
            func change(_ drive: Drive, _ text: String, _ groups: [LinkGroup]) async throws {
                _ = try await drive.commit(ChangeOptions()) { staging in
                    let file = try await staging.file(name(text))
                    return StagedChange(
                        base: base.root, baseLinks: base.links, root: base.root,
                        inodes: Dictionary(uniqueKeysWithValues: groups.map { ($0, file) }))
                }
            }
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            try await change(other, "their", [both])
            try await change(drive, "our", [mine, both])
            let tree = try await drive.head().linkedTree()
            #expect(tree.groups == [["/m1", "/m2"], ["/b1", "/b2"]])
            #expect(tree.contents["/m1"] == "our" && tree.contents["/b2"] == "their")
            let copies = tree.contents.keys.filter { $0.hasPrefix("/b1 (conflict ") }
            #expect(copies.count == 1 && tree.contents.count == 5)
            for copy in copies { #expect(tree.contents[copy] == "our") }
        }
    }

    @Test func `a name that both sides take away is counted once`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (group, first) = (LinkGroup(.random()), try await drive.head())
            let link = Entry(.file, in: group)
            _ = try await drive.commit(ChangeOptions()) { staging in
                StagedChange(
                    base: first.root, baseLinks: nil,
                    root: try await staging.directory(
                        first.root, applying: ["a", "b", "c"].map { (name($0), link) }),
                    inodes: [group: try await staging.file(name("old"))])
            }
            _ = try await drive.remove([DrivePath("/a")], recursive: false, options: ChangeOptions())
            let now = try await drive.head()
            _ = try await drive.commit(ChangeOptions()) { staging in
                StagedChange(
                    base: try await staging.directory(now.root, applying: [(name("a"), link)]), baseLinks: now.links,
                    snapshot: now.root,
                    root: try await staging.directory(now.root, applying: [(name("a"), nil), (name("b"), nil)]),
                    inodes: [group: try await staging.file(name("new"))])
            }
            let head = try await drive.head()
            #expect(try await head.names("/") == ["c"])
            #expect(try await head.bytes("/c") == name("new"))
        }
    }

    @Test(arguments: [true, false])
    func `what was written outlives its names where each side takes one away`(isLate: Bool) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (group, first) = (LinkGroup(.random()), try await drive.head())
            _ = try await drive.commit(ChangeOptions()) { staging in
                StagedChange(
                    base: first.root, baseLinks: nil,
                    root: try await staging.directory(
                        first.root, applying: ["a", "b"].map { (name($0), Entry(.file, in: group)) }),
                    inodes: [group: try await staging.file(name("old"))])
            }
            let base = try await drive.head()
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            func removeTheirs() async throws {
                _ = try await other.remove([DrivePath("/b")], recursive: false, options: ChangeOptions())
            }
            if !isLate { try await removeTheirs() }
            var options = ChangeOptions()
            options.stage = isLate ? .staged : .complete
            _ = try await drive.commit(options) { staging in
                StagedChange(
                    base: base.root, baseLinks: base.links,
                    root: try await staging.directory(base.root, applying: [(name("a"), nil)]),
                    inodes: [group: try await staging.file(name("new"))],
                    kept: [group: KeptFile(path: [name("a")], former: [])])
            }
            if isLate {
                try await removeTheirs()
                _ = try await drive.finish(ChangeOptions())
            }
            let head = try await drive.head()
            let names = try await head.names("/")
            #expect(names.count == 1 && head.links == nil)
            #expect(try await head.bytes("/\(names[0])") == name("new"))
        }
    }

    @Test func `what was written is kept where one machine takes all names away and another writes under a new one`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (group, first) = (LinkGroup(.random()), try await drive.head())
            let link = Entry(.file, in: group)
            _ = try await drive.commit(ChangeOptions()) { staging in
                StagedChange(
                    base: first.root, baseLinks: nil,
                    root: try await staging.directory(first.root, applying: ["a", "b"].map { (name($0), link) }),
                    inodes: [group: try await staging.file(name("old"))])
            }
            let base = try await drive.head()
            let old = try #require(try await base.inode(of: link)).entry
            let removing = try fixture.drive(home: "second", device: .random())
            let writing = try fixture.drive(home: "third", device: .random())
            for machine in [removing, writing] { _ = try await machine.adopt(fixture.root) }
            var options = ChangeOptions()
            options.stage = .declared
            _ = try await writing.commit(options) { staging in
                StagedChange(
                    base: base.root, baseLinks: base.links,
                    root: try await staging.directory(base.root, applying: [(name("c"), link)]),
                    inodes: [group: try await staging.file(name("their"))])
            }
            _ = try await removing.remove([DrivePath("/a"), DrivePath("/b")], recursive: false, options: options)
            // Neither of them comes to merging.
            options.stage = .included
            for machine in [removing, writing] { _ = try await machine.finish(options) }
            for _ in 0..<2 { _ = try await fixture.network.bestBlock() }
            let now = try await drive.head()
            _ = try await drive.commit(ChangeOptions()) { staging in
                StagedChange(
                    base: now.root, baseLinks: try await staging.links(now.links, replacing: [group: old]),
                    root: now.root, inodes: [group: try await staging.file(name("our"))],
                    kept: [group: KeptFile(path: [name("a")], former: [old])])
            }
            let head = try await drive.head()
            let names = try await head.names("/")
            #expect(names.count == 2 && names.contains("c"), "\(names)")
            var contents: Set<[UInt8]> = []
            for name in names { contents.insert(try await head.bytes("/\(name)")) }
            #expect(contents == [name("their"), name("our")])
        }
    }

    @Test func `a change is staged beside another process's commit`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let snapshot = try await drive.head()
            var options = ChangeOptions()
            options.stage = .staged
            func stageBeside() async throws -> ChangeResult {
                guard let lock = try WriterLock.take(drive.home.lock) else { throw Failure() }
                defer { withExtendedLifetime(lock) {} }
                return try await fixture.drive().commit(options) { staging in
                    StagedChange(
                        base: snapshot.root, baseLinks: snapshot.links,
                        root: try await staging.directory(
                            snapshot.root, applying: [(name("file"), try await staging.file(noise(900_000)))]))
                }
            }
            let result = try await stageBeside()
            #expect(result.hasCommit && result.stage == .staged)
            #expect(try await drive.finish(ChangeOptions()) != nil)
            #expect(try await drive.head().bytes("/file") == noise(900_000))
        }
    }
}
