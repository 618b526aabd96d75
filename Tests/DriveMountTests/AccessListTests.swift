import Testing

@testable import DriveMount

struct AccessListTests {
    /// u::rw- u:1000:rwx g::r-- m::rwx o::r--
    private static let extended: [UInt8] = [
        2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0, 232, 3, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 7,
        0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
    ]
    /// u::rw- g::r-- o::r--
    private static let plain: [UInt8] = [
        2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 4, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
    ]

    @Test func `a list is written as it was read`() throws {
        for bytes in [Self.extended, Self.plain] { #expect(try #require(AccessList(bytes)).bytes == bytes) }
    }

    @Test func `the mask is in the place of the group's permissions`() throws {
        #expect(try #require(AccessList(Self.extended)).mode == 0o674)
        #expect(try #require(AccessList(Self.plain)).mode == 0o644)
    }

    @Test func `what says no more than nine bits is plain`() throws {
        #expect(try #require(AccessList(Self.plain)).isPlain)
        #expect(try !#require(AccessList(Self.extended)).isPlain)
    }

    @Test func `chmod changes the owner, the mask and the others`() throws {
        var list = try #require(AccessList(Self.extended))
        list.set(mode: 0o510)
        #expect(list.mode == 0o510)
        // The group itself and the named user keep theirs.
        #expect(list.bytes[14] == 7 && list.bytes[22] == 4)
    }

    @Test func `a new file gets no more than its maker asks for`() throws {
        var list = try #require(AccessList(Self.extended))
        list.restrict(to: 0o640)
        #expect(list.mode == 0o640)
    }

    @Test func `what is no list is none`() {
        var bad: [[UInt8]] = [[], [2, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0] + Self.plain.dropFirst(4)]
        bad += (0..<Self.extended.count).map { Array(Self.extended.prefix($0)) }.filter { $0.count != 36 }
        for bytes in bad { #expect(AccessList(bytes) == nil, "\(bytes)") }
    }
}
