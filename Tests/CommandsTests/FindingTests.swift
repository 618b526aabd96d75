import Drive
import DriveFormat
import Primitives
import Testing
import TestSupport

@testable import DriveCommands

@Suite struct GlobTests {
    @Test(arguments: [
        ("*.jpg", "a.jpg", true), ("*.jpg", ".jpg", true), ("*.jpg", "a.jpeg", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("a?c", "aäc", true), ("*", "", true), ("", "", true), ("", "a", false),
        ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("/tmp/*", "/tmp/a/b", true), ("**", "x", true),
        ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a-c]x", "ax", false),
        ("[]]", "]", true), ("[!]]", "]", false), ("[a-]", "-", true), ("[c-a]", "b", false), ("[ä-ü]", "ö", true),
        ("[[:digit:]]*", "7up", true), ("[[:digit:]]*", "up", false), ("[[:upper:][:digit:]]", "A", true),
        ("[[:nonsense:]]", ":]", true), ("\\*", "*", true), ("\\*", "a", false), ("[\\]]", "]", true),
        ("[a", "[a", true),
        ("[a", "a", false), ("a\\", "a\\", true), ("A", "a", false),
    ])
    func `a pattern fits what it says`(pattern: String, name: String, fits: Bool) {
        #expect(Glob(pattern).matches(Array(name.utf8)) == fits)
    }

    @Test func `upper and lower case are one where that is asked for`() {
        #expect(Glob("*.JPG", foldsCase: true).matches(Array("x.jpg".utf8)))
        #expect(Glob("ÄRGER", foldsCase: true).matches(Array("ärger".utf8)))
        #expect(Glob("[a-c]", foldsCase: true).matches(Array("B".utf8)))
        #expect(!Glob("[!a-c]", foldsCase: true).matches(Array("B".utf8)))
    }

    @Test func `bytes that are not UTF-8 are characters, and are found by themselves`() {
        let name: [UInt8] = [0x61, 0xff, 0x62]
        #expect(Glob("a?b").matches(name))
        #expect(Glob(ByteText.text(of: name)).matches(name))
        #expect(!Glob(ByteText.text(of: [0x61, 0xfe, 0x62])).matches(name))
        #expect(!Glob("a?b").matches([0x61, 0xff, 0xfe, 0x62]))
    }

    @Test func `a pattern of many stars does not take for ever`() {
        let pattern = String(repeating: "*a", count: 100) + "b"
        #expect(!Glob(pattern).matches([UInt8](repeating: UInt8(ascii: "a"), count: 5000)))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `a pattern fits what a slow and plain search finds`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func text(_ letters: String, _ count: Int) -> String {
            String(
                (0..<Int.random(in: 0...count, using: &random)).compactMap { _ in letters.randomElement(using: &random)
                })
        }
        for _ in 0..<50 {
            let (pattern, name) = (text("ab*?", 6), text("ab", 7))
            #expect(
                Glob(pattern).matches(Array(name.utf8)) == Self.plain(pattern[...], name[...]), "\(pattern) \(name)")
        }
    }

    private static func plain(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return plain(pattern.dropFirst(), name) || (!name.isEmpty && plain(pattern, name.dropFirst()))
        }
        return !name.isEmpty && (first == "?" || first == name.first) && plain(pattern.dropFirst(), name.dropFirst())
    }
}

@Suite struct FindTestTests {
    private func entry(_ type: EntryType = .file, size: UInt64 = 0, modified: Int64 = 0) -> Entry {
        let content: Content = size > 0 ? .inline([UInt8](repeating: 1, count: Int(size))) : .none
        return Entry(
            type: type, mode: 0o644, modified: Timestamp(seconds: modified), changed: Timestamp(seconds: 0), size: size,
            content: content)
    }

    private func holds(_ tests: FindTests, _ path: String, _ entry: Entry) throws -> Bool {
        tests.hold(for: try DrivePath(path), entry)
    }

    @Test func `all tests have to hold, and one of each kind`() throws {
        var tests = FindTests()
        #expect(try holds(tests, "/", entry(.directory)))
        tests.names = [Glob("*.a"), Glob("*.b")]
        tests.paths = [Glob("/x/*")]
        #expect(try holds(tests, "/x/1.b", entry()))
        #expect(try !holds(tests, "/x/1.c", entry()))
        #expect(try !holds(tests, "/y/1.a", entry()))
        tests.foldedNames = [Glob("1.B", foldsCase: true)]
        #expect(try holds(tests, "/x/1.b", entry()))
        #expect(try !holds(tests, "/x/2.b", entry()))
        tests.types = [.directory, .symlink]
        #expect(try !holds(tests, "/x/1.b", entry()))
        #expect(try holds(tests, "/x/1.b", entry(.directory)))
    }

    @Test func `sizes are of files alone, more, fewer or equal`() throws {
        for (text, sizes) in [("+2", [3]), ("-2", [0, 1]), ("2", [2])] {
            let size: SizeTest = try #require(SizeTest(argument: text))
            let tests = FindTests(size: size)
            #expect(try (0...3).filter { try holds(tests, "/f", entry(size: UInt64($0))) } == sizes)
            #expect(try !holds(tests, "/d", entry(.directory)))
        }
        #expect(SizeTest(argument: "+10M")?.byteCount == 10_485_760)
        for text in ["", "+", "M", "--1", "+-1"] { #expect(SizeTest(argument: text) == nil) }
    }

    @Test func `newer is from the moment on, older before it`() throws {
        let moment = Timestamp(seconds: 100)
        for (seconds, isNewer) in [(99 as Int64, false), (100, true), (101, true)] {
            #expect(try holds(FindTests(newer: moment), "/f", entry(modified: seconds)) == isNewer)
            #expect(try holds(FindTests(older: moment), "/f", entry(modified: seconds)) == !isNewer)
        }
    }

    @Test func `a moment is a time's beginning, or so long ago`() {
        let now = Timestamp(seconds: 1_000_000, nanoseconds: 100)
        #expect(MomentArgument("2026-11-25T13:42Z", now: now)?.moment == Timestamp(seconds: 1_795_614_120))
        #expect(MomentArgument("7d", now: now)?.moment == Timestamp(seconds: 1_000_000 - 604_800, nanoseconds: 100))
        #expect(MomentArgument("500ms", now: now)?.moment == Timestamp(seconds: 999_999, nanoseconds: 500_000_100))
        for text in ["", "yesterday", "7", "-7d"] { #expect(MomentArgument(text, now: now) == nil) }
    }

    @Test func `types are the letters of find`() {
        #expect(TypesArgument(argument: "f")?.types == [.file])
        #expect(TypesArgument(argument: "l,d")?.types == [.symlink, .directory])
        for text in ["", "x", "f,", "file"] { #expect(TypesArgument(argument: text) == nil) }
    }
}
