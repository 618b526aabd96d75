import Compression
import Database
import DriveFormat
import Foundation
import Primitives
import Sealing
import SystemPackage
import TestSupport
import Testing

@testable import BlobStore

struct SpoolTests {
    /// A spool's directory and database, opened again and again as by one process after another.
    struct Disk {
        let directory: URL
        let keys: SpoolKeys
        let device = DeviceKeys.random()

        init(_ directory: URL) throws {
            self.directory = directory
            let root = RootKeys(seed64: Secret(copying: [UInt8].pattern(count: 64).span))
            let epoch = Epoch.random()
            let box = try #require(epoch.box(for: root.ring.publicKey))
            let boxes = [EpochBox(recipient: EpochBox.hint(for: root.ring.publicKey), box: box)]
            keys = SpoolKeys(
                drive: root.drive(.random()), preludeKey: root.preludeKey, epoch: epoch,
                boxes: EpochBoxes(epoch: epoch.id, boxes: boxes))
        }

        var spoolPath: String { directory.appending(path: "spool").path }
        var databasePath: String { directory.appending(path: "store.sqlite").path }

        func open(segmentsPerVolume: Int = 2) async throws -> (spool: Spool, database: StoreDatabase) {
            let database = try StoreDatabase(
                path: databasePath, sealer: device.localSealer)
            let spool = try await Spool(
                directory: spoolPath, database: database, keys: keys, segmentsPerVolume: segmentsPerVolume)
            return (spool, database)
        }

        func blob(_ byteCount: Int, seed: UInt64) -> PreparedBlob {
            var random = SplitMix64(seed: seed)
            return PreparedBlob(.random(count: byteCount, using: &random), kind: .chunk, keys: keys.drive)
        }

        /// A segment's file.
        func path(of pointer: Pointer) -> String { spoolPath + "/\(pointer.volume)-\(pointer.segment).segment" }

        /// What a process leaves that saves a blob and ends there.
        func saved(_ blob: PreparedBlob) async throws -> Pointer {
            let (spool, _) = try await open()
            let pointer = try await spool.append(blob).pointer
            try await spool.barrier()
            return pointer
        }

        /// Deletes a file, or cuts it off.
        func damage(_ file: String, left: UInt64?) throws {
            guard let left else { return try FileManager.default.removeItem(atPath: file) }
            let handle = try FileHandle(forWritingTo: URL(filePath: file))
            try handle.truncate(atOffset: left)
            try handle.close()
        }

        /// The plaintext of what a pointer names, from the spool's files alone.
        func isWhole(_ blob: PreparedBlob, at pointer: Pointer, in segments: SpooledSegments) -> Bool {
            let end = Int(pointer.offset) + blob.sealedByteCount
            let range = Int(pointer.offset)..<end
            guard let bytes = try? segments.bytes(volume: pointer.volume, segment: Int(pointer.segment), range: range)
            else { return false }
            let opening = BlobOpening(
                keys: keys.drive, epochs: EpochKeys(preludeKey: keys.preludeKey, epochs: [keys.epoch]), codec: .init())
            let plaintext = try? opening.whole(
                BlobReference(id: blob.id, pointer: pointer), kind: blob.kind,
                in: SegmentBytes(range: range, bytes: bytes))
            return plaintext != nil
        }
    }

    @Test func `what a barrier has returned for survives, what came after it is forgotten`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let (kept, lost) = (disk.blob(100_000, seed: 1), disk.blob(50_000, seed: 2))
            let pointer: Pointer
            do {
                let (spool, _) = try await disk.open()
                pointer = try await spool.append(kept).pointer
                try await spool.barrier()
                try await spool.append(lost)
            }
            let (spool, _) = try await disk.open()
            #expect(try await spool.pointer(of: kept.id) == pointer)
            #expect(try await spool.pointer(of: lost.id) == nil)
            #expect(disk.isWhole(kept, at: pointer, in: spool.localSegments))
            #expect(try await spool.append(lost).pointer.offset >= pointer.offset)
            try await spool.finishCommit()
            #expect(disk.isWhole(kept, at: pointer, in: spool.localSegments))
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `whatever was saved lies whole in sealed volumes in the end`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            var random = SplitMix64(seed: seed)
            var saved: [PreparedBlob] = []
            var unsaved: [PreparedBlob] = []
            var (spool, database) = try await disk.open()
            for step in 0..<60 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    try await spool.barrier()
                    saved += unsaved
                    unsaved = []
                case 1:
                    try await spool.barrier()  // the write of a sealed segment must not go on beside a new process
                    saved += unsaved
                    unsaved = []
                    (spool, database) = try await disk.open()
                default:
                    let blob = disk.blob(Int.random(in: 1..<4_000_000, using: &random), seed: seed << 32 | UInt64(step))
                    try await spool.append(blob)
                    unsaved.append(blob)
                }
            }
            try await spool.barrier()
            try await spool.finishCommit()
            for blob in saved + unsaved {
                let pointer = try #require(try await spool.pointer(of: blob.id))
                #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
            }
            for volume in try await database.spooledVolumes() {
                #expect(volume.state == .sealed)
                let record = try await spool.record(volume.id)
                #expect(record.segments.count <= 2)
                #expect(try await spool.record(volume.id) == record)
            }
        }
    }

    @Test func `a write that was torn leaves no trace in the sealed segment`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(10_000, seed: 1)
            var pointer = try await {
                let (spool, _) = try await disk.open()
                let reference = try await spool.append(blob)
                try await spool.barrier()
                return reference.pointer
            }()
            let file = URL(filePath: disk.spoolPath).appending(path: "\(pointer.volume)-0.segment")
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: [UInt8](repeating: 0xff, count: SegmentLayout.preludeByteCount))
            try handle.seek(toOffset: 20 << 20)
            try handle.write(contentsOf: [UInt8](repeating: 0xff, count: 13 << 20))
            try handle.close()
            let (spool, _) = try await disk.open()
            pointer = try #require(try await spool.pointer(of: blob.id))
            try await spool.finishCommit()
            #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
            let bytes = try Data(contentsOf: file)
            #expect(bytes.count == SegmentLayout.byteCount)
            #expect(bytes.suffix(30 << 20).allSatisfy { $0 == 0 })
            #expect(bytes.prefix(64) != Data(repeating: 0xff, count: 64))
        }
    }

    @Test func `a full disk is an error, and when there is room again nothing is missing`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let (first, second) = (disk.blob(10_000, seed: 1), disk.blob(20_000, seed: 2))
            let (spool, _) = try await disk.open()
            let pointer = try await spool.append(first).pointer
            try await spool.barrier()
            let file = disk.spoolPath + "/\(pointer.volume)-0.segment"
            try FileManager.default.moveItem(atPath: file, toPath: file + ".aside")
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/dev/full")
            try await spool.append(second)
            await #expect(throws: StoreError.spoolFull(path: disk.spoolPath)) { try await spool.barrier() }
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.moveItem(atPath: file + ".aside", toPath: file)
            try await spool.barrier()
            try await spool.finishCommit()
            for blob in [first, second] {
                let pointer = try #require(try await spool.pointer(of: blob.id))
                #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
            }
        }
    }

    @Test func `a segment that cannot be read now is not damaged, and is read later`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(10_000, seed: 1)
            let pointer = try await disk.saved(blob)
            let file = disk.path(of: pointer)
            try FileManager.default.moveItem(atPath: file, toPath: file + ".aside")
            // Opening it fails with ELOOP.
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file)
            let error = StoreError.spoolUnusable(path: file, reason: Errno.tooManySymbolicLinkLevels.description)
            await #expect(throws: error) { _ = try await disk.open() }
            let files = try SpoolFiles(directory: disk.spoolPath)
            #expect(throws: error) { try files.map(0, in: pointer.volume) }
            try FileManager.default.removeItem(atPath: file)
            #expect(throws: StoreError.spoolDamaged(volume: pointer.volume, segment: 0)) {
                try files.map(0, in: pointer.volume)
            }
            try FileManager.default.moveItem(atPath: file + ".aside", toPath: file)
            let (spool, _) = try await disk.open()
            #expect(try await spool.pointer(of: blob.id) == pointer)
            #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
        }
    }

    @Test(arguments: [nil, 5000])
    func `an open volume that has lost bytes is given up, and the spool goes on`(left: UInt64?) async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(10_000, seed: 1)
            let lost = try await disk.saved(blob)
            try disk.damage(disk.path(of: lost), left: left)
            let (spool, database) = try await disk.open()
            #expect(try await spool.pointer(of: blob.id) == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.spoolPath).isEmpty)
            let pointer = try await spool.append(blob).pointer
            try await spool.finishCommit()
            #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
            #expect(try await database.spooledVolumes().map(\.id) == [pointer.volume])
        }
    }

    @Test func `an open volume that has lost a sealed segment is given up, too`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            var (spool, database) = try await disk.open()
            let blobs = (0..<9).map { disk.blob(4_000_000, seed: $0) }
            for blob in blobs { try await spool.append(blob) }
            try await spool.barrier()
            let first = try #require(try await spool.pointer(of: blobs[0].id))
            #expect(try await database.spooledVolumes().map(\.state) == [.open])
            try disk.damage(disk.path(of: first), left: nil)
            (spool, database) = try await disk.open()
            #expect(try await database.spooledVolumes().isEmpty)
            for blob in blobs { #expect(try await spool.pointer(of: blob.id) == nil) }
        }
    }

    @Test(arguments: [
        "spooled_segment SET used = -1", "spooled_segment SET used = 4095", "spooled_segment SET used = 33554433",
        "spooled_segment SET number = -1", "spooled_segment SET number = 1",
        "spooled_volume SET position = -1", "spooled_volume SET position = 9223372036854775807",
    ])
    func `numbers in the database that cannot be are an error`(change: String) async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            _ = try await disk.saved(disk.blob(10_000, seed: 1))
            try await Database(path: disk.databasePath, migrations: Array(repeating: Migration(""), count: 100))
                .write { try $0.execute("UPDATE " + change) }
            await #expect(throws: DatabaseError.self) { _ = try await disk.open() }
        }
    }

    @Test func `a prelude that power loss has torn while a volume got another name is written again`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(10_000, seed: 1)
            let (spool, database) = try await disk.open()
            let pointer = try await spool.append(blob).pointer
            try await spool.finishCommit()
            let old = try await spool.record(pointer.volume)
            let range = 0..<SegmentLayout.preludeByteCount
            let sealed = try #require(try spool.segmentFiles.read(range, of: 0, in: pointer.volume))
            let plaintext = try #require(disk.keys.prelude.open(sealed))
            let anew = disk.keys.prelude.seal(plaintext)
            try await database.beginRenaming(pointer.volume, prelude: anew)
            try spool.segmentFiles.write(anew.span.extracting(first: 1000), at: 0, of: 0, in: pointer.volume)

            let (next, _) = try await disk.open()
            #expect(try next.segmentFiles.read(range, of: 0, in: pointer.volume) == anew)
            let record = try await next.record(pointer.volume)
            #expect(record.fid != old.fid)
            try await next.rename(pointer.volume)
            #expect(try await next.record(pointer.volume).fid != record.fid)
            let (last, lastDatabase) = try await disk.open()
            #expect(try await lastDatabase.renaming() == nil)
            #expect(disk.isWhole(blob, at: pointer, in: last.localSegments))
        }
    }

    @Test(arguments: [false, true])
    func `whoever asks where a blob lies is told before, while and after it is published`(isKilled: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let (spool, database) = try await disk.open()
            let blobs = (0..<StoreDatabase.batchSize + 10).map { disk.blob(1, seed: UInt64($0) << 8) }
            var pointers: [BlobID: Pointer] = [:]
            for blob in blobs { pointers[blob.id] = try await spool.append(blob).pointer }
            let volume = try #require(pointers.values.first?.volume)
            try await spool.finishCommit()
            let record = try await spool.record(volume)
            try await database.set("pending", to: [1])
            try await database.publish(
                [(volume, record)], runs: [], folded: [], seen: [], clearing: "pending", head: "head"
            ) { _ in [2] }
            func expectPointers(_ spool: Spool) async throws {
                for (id, pointer) in pointers { #expect(try await spool.pointer(of: id) == pointer) }
            }
            try await expectPointers(spool)
            #expect(try await database.spooledVolumes().isEmpty)
            #expect(try await database.spooledBytes() == 0)
            #expect(try await database.setting("pending") == nil)
            #expect(try await database.setting("head") == [2])
            let last = isKilled ? try await disk.open() : (spool: spool, database: database)
            if !isKilled { try await last.spool.discardAll(but: []) }
            for table in ["staged_blob", "spooled_volume"] {
                let rows = try await last.database.database.read { try $0.query("SELECT 1 FROM \(table)") }
                #expect(rows.isEmpty)
            }
            try await expectPointers(last.spool)
            #expect(try await database.volume(volume) == record)
        }
    }

    @Test func `files of volumes that no list names are deleted`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(5000, seed: 1)
            let pointer = try await disk.saved(blob)
            let orphan = disk.spoolPath + "/\(VolumeID(.random()))-3.segment"
            try Data([1]).write(to: URL(filePath: orphan))
            let (spool, _) = try await disk.open()
            #expect(!FileManager.default.fileExists(atPath: orphan))
            #expect(disk.isWhole(blob, at: pointer, in: spool.localSegments))
            try await spool.discardAll(but: [])
            try Data([1]).write(to: URL(filePath: orphan))
            _ = try await disk.open()
            #expect(!FileManager.default.fileExists(atPath: orphan))
        }
    }

    @Test func `a database that is new beside old segments is refused, and nothing is deleted`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            let blob = disk.blob(5000, seed: 1)
            let pointer = try await disk.saved(blob)
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: disk.databasePath + suffix)
            }
            for _ in 0..<2 {
                let reason = "it knows nothing of the segments that wait in \(disk.spoolPath)"
                await #expect(throws: StoreError.stateDamaged(reason: reason)) { _ = try await disk.open() }
                #expect(FileManager.default.fileExists(atPath: disk.path(of: pointer)))
            }
        }
    }

    @Test func `what is found while a commit is written lies in a volume that is placed with it`() async throws {
        try await withTemporaryDirectory { directory in
            let disk = try Disk(directory)
            // A process ends when its commit's volume is closed, before anybody knows of it.
            let (content, node) = (disk.blob(1000, seed: 1), disk.blob(2000, seed: 2))
            let (dying, _) = try await disk.open()
            try await dying.append(disk.blob(500, seed: 3))
            try await dying.beginCommit()
            try await dying.append(node)
            try await dying.finishCommit()

            let (spool, _) = try await disk.open()
            try await spool.append(content)
            try await spool.beginCommit()
            let placed = try await spool.usedVolumes()
            let found = try await spool.append(node)
            #expect(placed.contains(found.pointer.volume))
            try await spool.finishCommit()
            #expect(try await spool.usedVolumes() == placed)
            #expect(try await spool.strayVolume(besides: placed) == nil)
            #expect(try await spool.strayVolume(besides: []) == placed.first)
            #expect(disk.isWhole(node, at: found.pointer, in: spool.localSegments))
        }
    }
}
