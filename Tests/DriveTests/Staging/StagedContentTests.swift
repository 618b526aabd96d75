import DriveFormat
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Drive

struct StagedContentTests {
    @Test func `new files are what put makes of them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let counts = [0, 1, 128, 129, 5000, 262_144, 300_000, 9_000_000]
            for count in counts { try fixture.write(noise(count, seed: UInt64(count)), to: "files/\(count)") }
            _ = try await drive.put(Array(fixture.path("files").path.utf8), to: "/put")
            try await drive.stage(on: drive.head()) { staging, root in
                var edits: [(name: [UInt8], entry: Entry?)] = []
                for count in counts {
                    edits.append((name("\(count)"), try await staging.file(noise(count, seed: UInt64(count)))))
                }
                let directory = try await staging.directory(.newDirectory(), applying: edits)
                return try await staging.directory(root, applying: [(name("staged"), directory)])
            }
            let head = try await drive.head()
            for count in counts {
                let put = try await head.file(at: DrivePath("/put/\(count)"))
                let staged = try await head.file(at: DrivePath("/staged/\(count)"))
                #expect(put.content == staged.content && put.size == staged.size, "\(count) bytes")
                #expect(try await head.bytes("/staged/\(count)") == noise(count, seed: UInt64(count)))
            }
        }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `a sparse file is what put makes of it`(seed: UInt64) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            var random = SplitMix64(seed: seed)
            var model = DraftModel()
            try fixture.write([], to: "file")
            let handle = try FileHandle(forUpdating: fixture.path("file"))
            for _ in 0..<12 {
                let offset = Int.random(in: 0..<3_000_000, using: &random)
                let count = Int.random(in: 1..<200_000, using: &random) >> Int.random(in: 0..<12, using: &random)
                let bytes = [UInt8].random(count: count, using: &random)
                model.write(bytes, at: offset)
                try handle.seek(toOffset: UInt64(offset))
                try handle.write(contentsOf: bytes)
            }
            model.resize(to: 3_210_123)
            try handle.truncate(atOffset: 3_210_123)
            try handle.close()
            _ = try await drive.put(Array(fixture.path("file").path.utf8), to: "/put")
            let put = try await drive.head().file(at: DrivePath("/put"))
            let draft = model.draft(over: nil)
            _ = try await drive.commit(ChangeOptions()) { staging in
                let content = try await staging.content(of: draft)
                #expect(content.content == put.content && content.size == put.size, "seed \(seed)")
                return nil
            }
        }
    }

    /// One edit of the kinds that programs make.
    private static func edit(_ model: inout DraftModel, upTo limit: Int, using random: inout SplitMix64) {
        let count = model.bytes.count
        func length(_ most: Int) -> Int {
            min(most, Int.random(in: 1...max(1, most), using: &random) >> Int.random(in: 0...14, using: &random))
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3:
            let offset = Int.random(in: 0...count, using: &random)
            let bytes = [UInt8].random(count: length(min(limit, 3_000_000)), using: &random)
            model.write(bytes, at: offset)
        case 4:
            model.write([UInt8].random(count: length(2_000_000), using: &random), at: count)
        case 5:  // zeros that are no hole
            let offset = Int.random(in: 0...count, using: &random)
            model.write([UInt8](repeating: 0, count: length(100_000)), at: offset)
        case 6: model.resize(to: Int.random(in: 0...count, using: &random))
        case 7: model.resize(to: count + length(limit))
        case 8:
            let offset = count + length(limit)
            model.write([UInt8].random(count: length(10_000), using: &random), at: offset)
        default:
            let start = Int.random(in: 0...count, using: &random)
            model.punch(start..<min(count, start + length(2_000_000)))
        }
    }

    @Test(arguments: 0..<15 as Range<UInt64>)
    func `what edits make of a file is what storing it whole would give`(seed: UInt64) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.commit(ChangeOptions()) { staging in
                var random = SplitMix64(seed: seed)
                let limit = [100, 5000, 400_000, 3_000_000, 6_000_000][Int(seed % 5)]
                var model = DraftModel()
                model.write([UInt8].random(count: Int.random(in: 0...limit, using: &random), using: &random), at: 0)
                var file: Entry?
                for round in 0..<6 {
                    for _ in 0..<Int.random(in: 0...5, using: &random) {
                        Self.edit(&model, upTo: limit, using: &random)
                    }
                    let content = try await staging.content(of: model.draft(over: file))
                    let whole = try await staging.content(of: model.wholeDraft())
                    #expect(
                        content.size == whole.size && content.content == whole.content, "seed \(seed), round \(round)")
                    let new = Entry.file(content)
                    #expect(try await staging.bytes(of: new) == model.bytes, "seed \(seed), round \(round)")
                    file = new
                }
                return nil
            }
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4])
    func `a file is changed from commit to commit`(seed: UInt64) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            var random = SplitMix64(seed: 100 + seed)
            var model = DraftModel()
            let count = [40 << 20, 0, 300_000, 2_000_000, 9_000_000][Int(seed)]
            model.write(noise(count, seed: seed), at: 0)
            var snapshot = try await drive.head()
            for round in 0..<(seed == 0 ? 2 : 3) {
                let base = try? await snapshot.file(at: DrivePath("/file"))
                let draft = model.draft(over: base)
                let number = Int64(round)
                try await drive.stage(on: snapshot) { staging, root in
                    let file = Entry.file(try await staging.content(of: draft), modified: number)
                    return try await staging.directory(root, applying: [(name("file"), file)])
                }
                snapshot = try await drive.head()
                #expect(try await snapshot.bytes("/file") == model.bytes, "seed \(seed), round \(round)")
                for _ in 0..<3 { Self.edit(&model, upTo: 2_000_000, using: &random) }
            }
        }
    }

    @Test(arguments: [0, 11_000_000])
    func `a small change of a large file reads and stores little`(offset: Int) async throws {
        try await DriveFixture.with { fixture in
            let content = noise(20_000_000)
            let creator = try await fixture.created()
            _ = try await creator.put(fixture.write(content, to: "file"), to: "/file")
            let drive = try fixture.drive()
            let snapshot = try await drive.head()
            let base = try await snapshot.file(at: DrivePath("/file"))
            let draft = FileDraft(
                size: 20_000_000, base: base, changes: [.init(UInt64(offset)..<UInt64(offset) + 4096)]
            ) { range in
                #expect(range.count == 4096)
                return noise(4096, seed: 9)
            }
            fixture.network.forgetRequests()
            try await drive.stage(on: snapshot) { staging, root in
                let before = try await staging.chunks(of: base.content)
                let sealed = await staging.sealedByteCount
                let new = Entry.file(try await staging.content(of: draft))
                #expect(await staging.sealedByteCount - sealed < 6 << 20)
                let after = try await staging.chunks(of: new.content)
                #expect(Set(after).subtracting(before).count <= 3)
                #expect(before.count >= 15)
                return try await staging.directory(root, applying: [(name("file"), new)])
            }
            #expect(fixture.network.requestedByteCount < 8 << 20)
            var expected = content
            expected.replaceSubrange(offset..<offset + 4096, with: noise(4096, seed: 9))
            #expect(try await drive.head().bytes("/file") == expected)
        }
    }

    @Test func `appending cuts the last chunk anew, and truncating the one that it hits`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.commit(ChangeOptions()) { staging in
                var model = DraftModel()
                model.write(noise(12_000_000), at: 0)
                let base = Entry.file(try await staging.content(of: model.draft(over: nil)))
                let before = try await staging.chunks(of: base.content)
                model.write(noise(1000, seed: 2), at: 12_000_000)
                let longer = try await staging.content(of: model.draft(over: base))
                let after = try await staging.chunks(of: longer.content)
                #expect(after.dropLast(after.count - before.count + 1) == before.dropLast())
                let shorter = try await staging.content(
                    of: FileDraft(size: 6_000_000, base: base, baseLimit: 6_000_000, changes: []) { _ in [] })
                let cut = try await staging.chunks(of: shorter.content)
                #expect(cut.dropLast() == before.prefix(cut.count - 1))
                #expect(try await staging.bytes(of: .file(shorter)) == Array(noise(12_000_000).prefix(6_000_000)))
                return nil
            }
        }
    }

    @Test func `many short changes with short gaps do not become many chunks`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.commit(ChangeOptions()) { staging in
                var model = DraftModel()
                for number in 0..<500 { model.write(noise(100, seed: UInt64(number)), at: number * 1000) }
                let gaps = try await staging.content(of: model.draft(over: nil))
                #expect(try await staging.chunks(of: gaps.content).count <= 2)
                #expect(try await staging.bytes(of: .file(gaps)) == model.bytes)
                // Over a base, whose bytes between them are read in few pieces.
                var over = DraftModel()
                over.write(noise(500_000), at: 0)
                let base = Entry.file(try await staging.content(of: over.draft(over: nil)))
                for number in 0..<500 { over.write(noise(100, seed: UInt64(number)), at: number * 1000) }
                let changed = try await staging.content(of: over.draft(over: base))
                #expect(try await staging.bytes(of: .file(changed)) == over.bytes)
                return nil
            }
        }
    }

    @Test func `holes that are no whole blocks stay as the base has them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.commit(ChangeOptions()) { staging in
                var writer = ContentWriter(staging.store) { _ in }
                for seed in 0..<3 as Range<UInt64> {
                    try await writer.append(noise(1000, seed: seed))
                    try await writer.append(hole: 9001)
                }
                try await writer.append(noise(1000, seed: 3))
                let base = Entry.file(try await writer.finish())
                let before = try await staging.chunks(of: base.content)
                #expect(before.map(\.length) == [1000, 9001, 1000, 9001, 1000, 9001, 1000])
                let bytes = try await staging.bytes(of: base)
                func lengths(_ change: Range<UInt64>, isHole: Bool) async throws -> [UInt64] {
                    let draft = FileDraft(size: base.size, base: base, changes: [.init(change, isHole: isHole)]) {
                        [UInt8](repeating: 7, count: $0.count)
                    }
                    let new = try await staging.content(of: draft)
                    let after = try await staging.chunks(of: new.content)
                    #expect(after.first == before.first && after.suffix(3) == before.suffix(3))
                    var expected = bytes
                    expected.replaceSubrange(
                        Int(change.lowerBound)..<Int(change.upperBound),
                        with: [UInt8](repeating: isHole ? 0 : 7, count: change.count))
                    #expect(try await staging.bytes(of: .file(new)) == expected)
                    return after.dropFirst().dropLast(3).map(\.length)
                }
                #expect(try await lengths(10_100..<10_200, isHole: false) == [9001, 1000, 9001])
                // The hole behind it begins with a block now.
                #expect(
                    try await lengths(10_900..<11_100, isHole: false) == [9001, 12_288 - 10_001, 20_002 - 12_288])
                // A gap that is shorter than a block.
                #expect(try await lengths(10_100..<10_200, isHole: true) == [9001, 1000, 9001])
                #expect(try await lengths(10_001..<11_001, isHole: true) == [19_002])
                return nil
            }
        }
    }

    @Test func `what was staged and given up again is not named by a commit`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let snapshot = try await drive.head()
            let lost = Mutex<Entry?>(nil)
            _ = try await drive.commit(ChangeOptions()) { staging in
                let file = try await staging.file(noise(3_000_000))
                lost.withLock { $0 = file }
                return nil
            }
            // Another change has no use for it.
            _ = try await drive.put(fixture.write(noise(1000), to: "other"), to: "/other")
            await #expect(throws: DriveError.self) {
                try await drive.stage(on: snapshot) { staging, root in
                    let base = lost.withLock { $0 }
                    let longer = FileDraft(size: 3_000_001, base: base, changes: [.init(3_000_000..<3_000_001)]) { _ in
                        [1]
                    }
                    let file = Entry.file(try await staging.content(of: longer))
                    return try await staging.directory(root, applying: [(name("file"), file)])
                }
            }
            #expect(try await drive.head().names("/") == ["other"])
        }
    }

    @Test func `a file of exabytes that is a hole takes no time`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.commit(ChangeOptions()) { staging in
                let size = UInt64(Int64.max)
                let empty = Entry.file(try await staging.content(of: draft([])))
                let hole = try await staging.content(of: FileDraft(size: size, base: empty, changes: []) { _ in [] })
                #expect(hole.size == size)
                let written = try await staging.content(
                    of: FileDraft(size: size, base: .file(hole), changes: [.init(size - 5000..<size - 4999)]) { _ in [7]
                    })
                let chunks = try await staging.chunks(of: written.content)
                #expect(chunks.map(\.isHole) == [true, false, true])
                #expect(chunks.reduce(0) { $0 + $1.length } == size)
                return nil
            }
        }
    }
}
