import ArgumentParser
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct ByteTextTests {
    @Test(arguments: [
        "", "plain", "naïve 🙂", "\u{FFFD}", "\u{10FF00}\u{10FF7F}", "\u{10FF80}", "a\u{10FFFF}b", "\u{FFFE}",
    ])
    func `text comes back as the bytes that it was made of`(text: String) {
        let bytes = Array(text.utf8)
        #expect(ByteText.bytes(of: ByteText.text(of: bytes)) == bytes)
    }

    @Test func `every pair of bytes comes back, and no two of them are one text`() {
        var texts: Set<[UInt8]> = []
        for pair in 0...0xffff {
            let bytes = [UInt8(ascii: "a"), UInt8(pair >> 8), UInt8(pair & 0xff)]
            let text = ByteText.text(of: bytes)
            #expect(ByteText.bytes(of: text) == bytes)
            texts.insert(Array(text.utf8))  // texts that look alike are equal
        }
        #expect(texts.count == 1 << 16)
    }

    @Test func `bytes cut out of UTF-8 come back`() {
        let whole = Array("\u{10FF80}🙂é\u{10FFFF}".utf8)
        for start in whole.indices {
            for end in start...whole.count {
                let bytes = Array(whole[start..<end])
                #expect(ByteText.bytes(of: ByteText.text(of: bytes)) == bytes)
            }
        }
    }

    @Test func `text that is UTF-8 stays as it is`() {
        #expect(ByteText.text(of: Array("naïve \u{FFFD}".utf8)) == "naïve \u{FFFD}")
        #expect(ByteText.shown(ByteText.text(of: [0x61, 0xe9])) == "a\u{FFFD}")
    }

    @Test func `paths keep the bytes that are not UTF-8`() throws {
        let name: [UInt8] = [0x61, 0xe9]
        let command = try PutCommand.parse([ByteText.text(of: name), "/" + ByteText.text(of: name)])
        #expect(command.paths.map(\.bytes) == [name, [0x2f] + name])
        let path = try #require(FilePath(argument: ByteText.text(of: name)))
        #expect(path.withPlatformString { String(cString: $0) } == "a\u{FFFD}")
        #expect(path != FilePath("a\u{FFFD}"))
    }

    @Test(arguments: [
        ["put", "file", ""], ["put", "", "/x"], ["get", "-r", "", "target"], ["get", "/x", ""], ["cat", ""],
        ["ls", ""],
        ["stat", ""], ["rm", "-r", ""], ["mkdir", ""], ["mv", "", "/x"], ["mv", "/x", ""],
    ])
    func `an empty path is a usage error`(arguments: [String]) async {
        #expect(await CommandLineProgram.run(arguments, environment: ["HOME": "/h"]) == .usage)
    }

    @Test func `a home that is not text is refused`() {
        let paths = Paths(environment: ["HOME": "/home/" + ByteText.text(of: [0xe9])]) { _ in false }
        #expect(throws: PathsError.self) { try paths.checkAreText() }
        #expect(throws: (any Error).self) { try LocalnetOptions.parse(["--dir", ByteText.text(of: [0xe9])]) }
    }
}
