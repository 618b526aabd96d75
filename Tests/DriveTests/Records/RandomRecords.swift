import Primitives
import SCALE
import TestSupport

@testable import DriveFormat
@testable import Sealing

/// Records with any values that the format allows, the same for the same seed.
struct RandomRecords {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
        .random(count: .random(in: range, using: &random), using: &random)
    }

    mutating func bytes16() -> Bytes16 { Bytes16(bytes(16...16)) ?? .zero }
    mutating func bytes32() -> Bytes32 { Bytes32(bytes(32...32)) ?? .zero }
    mutating func volume() -> VolumeID { VolumeID(bytes16()) }
    mutating func id() -> BlobID { BlobID(bytes32()) }
    mutating func epochID() -> EpochID { EpochID(bytes(8...8)) ?? .zero }
    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    mutating func text(_ limit: Int) -> [UInt8] { (0..<number(0...limit)).map { _ in UInt8(number(32...126)) } }
    mutating func list<T>(_ range: ClosedRange<Int>, _ make: (inout Self) -> T) -> [T] {
        (0..<number(range)).map { _ in make(&self) }
    }
    mutating func maybe<T>(_ make: (inout Self) -> T) -> T? { number(0...1) == 0 ? nil : make(&self) }

    mutating func time() -> Timestamp {
        Timestamp(seconds: .random(in: .min ... .max, using: &random), nanoseconds: UInt32(number(0...999_999_999)))
    }

    mutating func extensions() -> Extensions {
        let tags = Set((0..<number(0...3)).map { _ in UInt16(number(0...0x7fff)) }).sorted()
        return Extensions(fields: tags.map { .init(tag: $0, bytes: bytes(0...9)) })
    }

    mutating func pointer() -> Pointer {
        let payload = number(0...4_000_000)
        let isRaw = number(0...1) == 0
        return Pointer(
            volume: volume(), segment: UInt16(number(0...127)), offset: UInt32(number(4096...29_000_000)),
            payloadLength: UInt32(payload), rawLength: UInt32(isRaw ? payload : min(payload * 3, 1 << 25)),
            codec: isRaw ? .raw : .zstd, epoch: epochID(), nonce: bytes16())
    }

    mutating func reference() -> BlobReference { BlobReference(id: id(), pointer: pointer()) }

    mutating func pointedRoot() -> TreeRoot {
        TreeRoot(
            reference: reference().scaleBytes, level: UInt8(number(0...15)),
            count: .random(in: 0 ... .max, using: &random),
            bytes: .random(in: 0 ... .max, using: &random))
    }

    mutating func prelude() -> Prelude {
        Prelude(
            drive: DriveID(bytes16()), volume: volume(), segment: UInt16(number(0...127)),
            epochs: list(1...3) { $0.epoch() }, table: Extent(reference()), commit: maybe { Extent($0.reference()) },
            extensions: extensions())
    }

    mutating func epoch() -> EpochBoxes {
        EpochBoxes(
            epoch: epochID(),
            boxes: list(1...3) {
                EpochBox(recipient: .random(in: 0 ... .max, using: &$0.random), box: $0.bytes(80...80))
            })
    }

    mutating func table() -> BlobTable {
        var offset = 4096
        return BlobTable(
            entries: list(0...40) { random in
                let length = UInt32(random.number(0...20_000))
                let pointer = Pointer(
                    volume: .this, segment: 0, offset: UInt32(offset), payloadLength: length, rawLength: length,
                    codec: .raw, epoch: .zero, nonce: random.bytes16())
                offset += pointer.sealedByteCount + random.number(0...1)
                let kinds: [BlobKind] = [.chunk, .directoryNode, .indexNode, .commit, .attributes]
                let kind = kinds[random.number(0...4)]
                return BlobTable.Entry(
                    kind: kind, epochIndex: kind == .commit ? 255 : UInt8(random.number(0...7)),
                    extent: Extent(BlobReference(id: random.id(), pointer: pointer)))
            })
    }

    mutating func volumeRecord() -> VolumeRecord {
        let segments = list(1...4) { random in
            VolumeRecord.Segment(hash: random.bytes32(), fragments: random.list(12...12) { $0.bytes32() })
        }
        let sealed = number(0...(segments.count << 25))
        return VolumeRecord(
            fid: bytes32(), segments: segments, sealedBytes: UInt64(sealed), liveBytes: UInt64(number(0...sealed)),
            extensions: extensions())
    }

    mutating func owner() -> Owner { Owner(id: .random(in: 0 ... .max, using: &random), name: bytes(0...20)) }

    mutating func attributes() -> Attributes {
        let list = AttributeList(list(0...5) { Attribute(name: $0.text(20).map { $0 | 1 }, value: $0.bytes(0...100)) })
        guard let list else { return .none }
        return number(0...3) == 0 ? .blob(id(), rawLength: UInt32(number(1025...100_000))) : .inline(list)
    }

    mutating func entry(_ wanted: EntryType? = nil) -> Entry {
        let type = wanted ?? EntryType.allCases[number(0...6)]
        if type != .directory, number(0...9) == 0 { return Entry(type, in: LinkGroup(bytes16())) }
        var size: UInt64 = 0
        let content: Content
        switch type {
        case .file:
            switch number(0...3) {
            case 0: content = .none
            case 1:
                let bytes = bytes(1...128)
                (content, size) = (.inline(bytes), UInt64(bytes.count))
            case 2:
                size = UInt64(number(1...(4 << 20)))
                content = .chunk(id(), length: UInt32(size))
            default:
                size = .random(in: 1 ... .max, using: &random)
                content = .chunks(TreeRoot(reference: id().bytes, level: 1, count: UInt64(number(1...99)), bytes: size))
            }
        case .directory:
            content = .directory(
                TreeRoot(
                    reference: id().bytes, level: 0, count: UInt64(number(0...99)), bytes: UInt64(number(0...99_999))))
        case .symlink: content = .inline(text(300) + [46])
        case .characterDevice, .blockDevice: content = .device(major: UInt32(number(0...300)), minor: 7)
        case .fifo, .socket: content = .none
        }
        return Entry(
            type: type, mode: UInt16(number(0...0o7777)), owner: owner(), group: owner(), modified: time(),
            changed: time(),
            size: size, attributes: attributes(), content: content, extensions: extensions())
    }

    mutating func commit() -> SignedCommit {
        let epochs = list(1...3) { $0.epoch() }
        let devices = list(0...3) { random in
            DeviceCertificate(
                name: random.text(20), signingKey: random.bytes32(), boxKey: random.bytes32(),
                epoch: epochs[random.number(0...(epochs.count - 1))].epoch, created: random.time(),
                signature: random.bytes(64...64))
        }
        let sequence = UInt64(number(1...5))
        var level: UInt8 = 0
        let commit = Commit(
            drive: DriveID(bytes16()), driveName: text(20), volume: volume(), sequence: sequence,
            parents: sequence == 1 ? [] : list(1...3) { CommitReference(volume: $0.volume(), commit: $0.id()) },
            created: time(), device: DeviceID(bytes16()), rootAttributes: entry(.directory), root: pointedRoot(),
            links: maybe { $0.pointedRoot() },
            index: list(0...9) { random in
                level += UInt8(random.number(0...1))
                return IndexRun(level: level, root: random.pointedRoot())
            }, volumes: maybe { $0.pointedRoot() },
            doomed: list(0...4) { DoomedVolume(volume: $0.volume(), fid: $0.bytes32(), since: $0.time()) },
            folded: list(0...4) { FoldedVolume(old: $0.volume(), new: $0.volume()) },
            keyRing: KeyRing(ringKey: bytes32(), epochs: epochs, devices: devices), message: text(100),
            extensions: extensions())
        return SignedCommit(
            commit: commit, signer: number(0...1) == 0 ? .account : .device, signature: bytes(64...64))
    }
}
