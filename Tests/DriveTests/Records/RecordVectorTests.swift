import Primitives
import SCALE
import TestSupport
import Testing

@testable import DriveFormat
@testable import Sealing

@Suite struct RecordVectorTests {
    @Test func `pointers are those of the golden file`() throws {
        try RecordVectors.check("pointers", Pointer.self) {
            [
                "volume": $0.volume.description, "segment": "\($0.segment)", "offset": "\($0.offset)",
                "payloadLength": "\($0.payloadLength)", "rawLength": "\($0.rawLength)", "codec": "\($0.codec.rawValue)",
                "epoch": $0.epoch.description, "nonce": $0.nonce.hex, "sealedLength": "\($0.sealedByteCount)",
            ]
        }
    }

    @Test func `preludes are those of the golden file`() throws {
        let vectors = try RecordVectors.load("preludes")
        for vector in vectors.valid {
            let bytes = try #require([UInt8](hex: vector.bytes))
            let filled = bytes + [UInt8](repeating: 0, count: PreludeSealer.plaintextByteCount - bytes.count)
            let prelude = try Prelude(plaintext: filled)
            #expect(
                vector.fields == [
                    "drive": prelude.drive.description, "volume": prelude.volume.description,
                    "segment": "\(prelude.segment)", "epochs": "\(prelude.epochs.count)",
                    "boxes": "\(prelude.epochs.reduce(0) { $0 + $1.boxes.count })", "table": "\(prelude.table.offset)",
                    "commit": prelude.commit.map { "\($0.offset)" } ?? "none",
                ])
            #expect(prelude.scaleBytes == bytes)
        }
        for vector in vectors.refused {
            let bytes = try #require([UInt8](hex: vector.bytes))
            #expect(throws: ScaleError.self, "\(vector.why)") { try Prelude(plaintext: bytes) }
        }
    }

    @Test func `blob tables are those of the golden file`() throws {
        try RecordVectors.check("blob-tables", BlobTable.self) { table in
            func list(_ value: (BlobTable.Entry) -> Int) -> String? {
                table.entries.isEmpty ? nil : table.entries.map { "\(value($0))" }.joined(separator: " ")
            }
            var fields = ["count": "\(table.entries.count)"]
            fields["kinds"] = list { Int($0.kind.rawValue) }
            fields["epochs"] = list { Int($0.epochIndex) }
            fields["offsets"] = list { Int($0.extent.offset) }
            return fields
        }
    }

    @Test func `volume records are those of the golden file`() throws {
        try RecordVectors.check("volume-records", VolumeRecord.self) {
            [
                "fid": $0.fid.hex, "segments": "\($0.segments.count)", "sealedBytes": "\($0.sealedBytes)",
                "liveBytes": "\($0.liveBytes)",
            ]
        }
    }

    @Test func `entries are those of the golden file`() throws {
        try RecordVectors.check("entries", Entry.self) {
            [
                "type": "\($0.type.rawValue)", "mode": "\($0.mode)", "size": "\($0.size)",
                "content": describe($0.content), "attributes": describe($0.attributes),
                "group": $0.linkGroup?.value.hex ?? "none",
            ]
        }
    }

    private func describe(_ content: Content) -> String {
        func tree(_ root: TreeRoot) -> String { "\(root.reference.hex) \(root.level) \(root.count) \(root.bytes)" }
        return switch content {
        case .none: "none"
        case .inline(let bytes): "inline \(bytes.hex)"
        case .chunk(let id, _): "chunk \(id)"
        case .chunks(let root): "chunks \(tree(root))"
        case .directory(let root): "directory \(tree(root))"
        case .device(let major, let minor): "device \(major) \(minor)"
        }
    }

    private func describe(_ attributes: Attributes) -> String {
        switch attributes {
        case .none: "none"
        case .inline(let list):
            "inline " + list.attributes.map { "\($0.name.hex)=\($0.value.hex)" }.joined(separator: " ")
        case .blob(let id, let rawLength): "blob \(id) \(rawLength)"
        }
    }

    @Test func `chunk keys are those of the golden file`() throws {
        try RecordVectors.check("chunk-keys", ChunkKey.self) {
            ["id": $0.id.description, "length": "\($0.length)", "hole": "\($0.isHole)"]
        }
    }

    @Test func `inodes of link groups are those of the golden file`() throws {
        try RecordVectors.check("linked-inodes", LinkedInode.self) {
            ["names": "\($0.names)", "size": "\($0.entry.size)"]
        }
    }

    @Test func `signed commits are those of the golden file`() throws {
        struct Extra: Decodable {
            struct Certificate: Decodable { let device, signedBytes: String }
            let genesis: String
            let certificate: Certificate
        }
        let extra: Extra = try Vectors.load("records/1/commits.json")
        let genesis = try #require(Bytes32(hex: extra.genesis))
        try RecordVectors.check("commits", SignedCommit.self) { signed in
            let commit = signed.commit
            let laptop = try #require(commit.keyRing.devices.first)
            #expect(laptop.device == commit.device)
            #expect(laptop.device.description == extra.certificate.device)
            #expect(laptop.signedBytes(genesis: genesis, drive: commit.drive).hex == extra.certificate.signedBytes)
            return [
                "signedBytes": SHA256.hash(commit.signedBytes(genesis: genesis)).hex,
                "drive": commit.drive.description, "name": String(decoding: commit.driveName, as: UTF8.self),
                "volume": commit.volume.description, "signer": "\(signed.signer.rawValue)",
                "sequence": "\(commit.sequence)", "parents": "\(commit.parents.count)", "runs": "\(commit.index.count)",
                "doomed": "\(commit.doomed.count)", "folded": "\(commit.folded.count)",
                "epochs": "\(commit.keyRing.epochs.count)", "devices": "\(commit.keyRing.devices.count)",
            ]
        }
    }

    @Test func `names of volumes are those of the golden file`() throws {
        struct Names: Decodable {
            struct Name: Decodable {
                let drive, volume, name: String
                let kind: UInt8
                let counter: UInt64
            }
            struct NotGenuine: Decodable { let name, volume, why: String }
            let key: String
            let names: [Name]
            let unreadable: [String]
            let notGenuine: [NotGenuine]
        }
        let vectors: Names = try Vectors.load("records/1/volume-names.json")
        let key = Secret(copying: try #require([UInt8](hex: vectors.key)))
        for vector in vectors.names {
            let volume = VolumeID(try #require(Bytes16(hex: vector.volume)))
            let name = VolumeName(
                drive: DriveID(try #require(Bytes16(hex: vector.drive))),
                kind: try #require(VolumeName.Kind(rawValue: vector.kind)), counter: vector.counter)
            let text = Array(vector.name.utf8)
            #expect(name.sealed(for: volume, key: key) == text)
            #expect(VolumeName(unverified: text, key: key) == name)
            #expect(name.isOf(volume, name: text, key: key))
        }
        for text in vectors.unreadable { #expect(VolumeName(unverified: Array(text.utf8), key: key) == nil, "\(text)") }
        for vector in vectors.notGenuine {
            let volume = VolumeID(try #require(Bytes16(hex: vector.volume)))
            let text = Array(vector.name.utf8)
            let isGenuine = VolumeName(unverified: text, key: key)?.isOf(volume, name: text, key: key) ?? false
            #expect(!isGenuine, "\(vector.why)")
        }
    }
}
