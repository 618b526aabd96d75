import CESS
import Compression
import DriveFormat
import ErasureCoding
import Primitives
import SCALE
import Sealing
import Substrate
import TestSupport

@testable import BlobStore

/// A volume of one segment with blobs of several shapes, as a writer leaves it on the network.
struct StoredVolume: Sendable {
    /// Made once: hashing and coding 32 MiB takes a while.
    static let shared = StoredVolume()

    struct Blob: Sendable {
        let reference: BlobReference
        let kind: BlobKind
        let plaintext: [UInt8]
    }

    let id = VolumeID(Bytes16.random())
    let drive: DriveKeys
    let preludeKey: Secret
    let epoch = Epoch.random()
    let epochs: EpochKeys
    /// Of some 20 KB each, side by side from the segment's beginning.
    let small: [Blob]
    /// Of 1 MiB each, across the borders of fragments.
    let large: [Blob]
    /// 1 MB of compressed text.
    let packed: Blob
    let commit: Blob
    let segment: [UInt8]
    let fragments: [[UInt8]]
    let record: VolumeRecord

    var fid: FID { FID(record.fid) }
    var all: [Blob] { small + large }

    init() {
        let root = RootKeys(seed64: Secret(copying: (0..<64).map { UInt8($0) }))
        drive = root.drive(.random())
        preludeKey = root.preludeKey
        epochs = EpochKeys(preludeKey: preludeKey, epochs: [epoch])
        var writer = Writer(volume: id, drive: drive, epoch: epoch)
        small = (0..<60).map { index in
            writer.add(.pattern(from: index * 7919, count: 20_000 + index * 13), .chunk, .raw)
        }
        let text = (0..<16_000).flatMap {
            [UInt8](
                "line \($0 &* 2_654_435_761 % 1_000_003) of a text that compresses well, but not to nothing\n"
                    .utf8)
        }
        let (codec, payload) = Compression.BlobCodec().encode(text.span)
        precondition(codec == .zstd)
        packed = writer.add(text, .chunk, .zstd, payload: payload)
        large = (0..<26).map { writer.add(.pattern(from: $0 * 104_729, count: 1 << 20), .chunk, .raw) }
        let signed = Self.commit(drive: drive, volume: id, epoch: epoch, root: small[0].reference)
        var commits = Writer(volume: id, drive: drive, epoch: .commits(preludeKey: preludeKey))
        commits.used = writer.used
        commit = commits.add(signed.scaleBytes, .commit, .raw)
        writer.used = commits.used
        let entries = (small + [packed] + large).map {
            BlobTable.Entry(kind: $0.kind, epochIndex: 0, extent: Extent($0.reference))
        }
        let table = writer.add(BlobTable(entries: entries).scaleBytes, .blobTable, .raw)
        let prelude = Prelude(
            drive: DriveID(drive.id), volume: id, segment: 0,
            epochs: [Self.boxes(epoch)], table: Extent(table.reference),
            commit: Extent(commit.reference))
        var bytes = writer.bytes
        bytes.replaceSubrange(commit.range, with: commits.bytes[commit.range])
        bytes.replaceSubrange(0..<4096, with: PreludeSealer(key: preludeKey).seal(prelude.scaleBytes))
        segment = bytes
        let code = ReedSolomon()
        let digests = code.digests(of: bytes.span)
        fragments = (0..<12).map { row in
            var fragment = [UInt8](repeating: 0, count: 8 << 20)
            var span = fragment.mutableSpan
            code.shard(row, of: bytes.span, into: &span)
            return fragment
        }
        record = VolumeRecord(
            fid: FID.of(segments: [SegmentHash(digests.segment)]).bytes,
            segments: [VolumeRecord.Segment(hash: digests.segment, fragments: digests.fragments)],
            sealedBytes: UInt64(writer.used), liveBytes: UInt64(writer.used))
    }

    /// The segment's row n on the network's node n.
    func stored(on network: MemoryNetwork) -> VolumePlacement {
        for row in 0..<12 {
            network.store(fragments[row], hash: FragmentHash(record.segments[0].fragments[row]), on: row)
        }
        return VolumePlacement(record: record, fid: fid, nodes: [Array(network.accounts[..<12])])
    }

    private struct Writer {
        let volume: VolumeID
        let drive: DriveKeys
        let epoch: Epoch
        var bytes = [UInt8](repeating: 0, count: SegmentLayout.byteCount)
        var used = SegmentLayout.preludeByteCount

        mutating func add(
            _ plaintext: [UInt8], _ kind: BlobKind, _ codec: Sealing.BlobCodec, payload: [UInt8]? = nil
        ) -> Blob {
            let payload = payload ?? plaintext
            let id = drive.blobID(kind, plaintext.span)
            let byteCount = FrameLayout(payloadByteCount: payload.count)?.sealedByteCount ?? 0
            let (range, sealer) = (used..<used + byteCount, BlobSealer(epoch: epoch))
            var span = bytes.mutableSpan
            var place = span._mutatingExtracting(range)
            let header = sealer.seal(
                payload.span, kind: kind, codec: codec, id: id, rawByteCount: plaintext.count, into: &place)
            let pointer = Pointer(
                volume: volume, segment: 0, offset: UInt32(used), payloadLength: UInt32(payload.count),
                rawLength: header.rawByteCount, codec: codec, epoch: epoch.id, nonce: header.nonce)
            used += byteCount
            return Blob(
                reference: BlobReference(id: id, pointer: pointer), kind: kind, plaintext: plaintext)
        }
    }

    /// To somebody else: the tests have the key itself.
    private static func boxes(_ epoch: Epoch) -> EpochBoxes {
        let box = EpochBox(recipient: 1, box: [UInt8](repeating: 7, count: EpochBox.byteCount))
        return EpochBoxes(epoch: epoch.id, boxes: [box])
    }

    private static func commit(drive: DriveKeys, volume: VolumeID, epoch: Epoch, root: BlobReference)
        -> SignedCommit
    {
        let now = Timestamp(seconds: 1_800_000_000)
        let root = TreeRoot(reference: root.scaleBytes, level: 0, count: 0, bytes: 0)
        let commit = Commit(
            drive: DriveID(drive.id), driveName: [UInt8]("drive".utf8), volume: volume, sequence: 1,
            parents: [],
            created: now, device: DeviceID(.zero),
            rootAttributes: Entry(
                type: .directory, mode: 0o755, modified: now, changed: now, content: .directory(root)),
            root: root, links: nil,
            index: [], volumes: nil, doomed: [], folded: [],
            keyRing: KeyRing(ringKey: .zero, epochs: [Self.boxes(epoch)], devices: []),
            message: [])
        return SignedCommit(
            commit: commit, signer: .account, signature: [UInt8](repeating: 7, count: 64))
    }
}

extension StoredVolume.Blob {
    /// Where its frames lie in the segment.
    var range: Range<Int> {
        let start = Int(reference.pointer.offset)
        let layout = FrameLayout(payloadByteCount: Int(reference.pointer.payloadLength))
        return start..<start + (layout?.sealedByteCount ?? 0)
    }
}

/// A catalog that knows one volume.
struct OneVolume: VolumeCatalog {
    let network: MemoryNetwork
    let id: VolumeID
    let placement: VolumePlacement
    var refreshed: VolumePlacement?

    func placement(of volume: VolumeID) throws -> VolumePlacement {
        guard volume == id else { throw ReadError.unknownVolume(volume) }
        return placement
    }

    func endpoint(of node: AccountID) -> String? { network.endpoint(of: node) }
    func refreshPlacement(of volume: VolumeID) throws -> VolumePlacement {
        try refreshed ?? placement(of: volume)
    }
    func refreshEndpoint(of node: AccountID) -> String? { endpoint(of: node) }
}

/// A network that holds the shared volume, and a reader of it.
struct Reading {
    let network = MemoryNetwork()
    let volume = StoredVolume.shared
    let placement: VolumePlacement
    let segments: SegmentReader
    let blobs: BlobReader
    let preludes: PreludeReader

    /// Nodes are waited for without end, so that what is asked of them does not depend on the machine's load; time
    /// stands still for resting nodes.
    init(local: (any LocalSegments)? = nil, _ change: (inout ReadOptions) -> Void = { _ in }) {
        placement = volume.stored(on: network)
        var options = ReadOptions()
        options.firstHedge = .seconds(3600)
        options.leastHedge = .seconds(3600)
        change(&options)
        let start = ContinuousClock.now
        segments = SegmentReader(
            nodes: network, catalog: OneVolume(network: network, id: volume.id, placement: placement),
            local: local,
            health: NodeHealth { start }, options: options)
        blobs = BlobReader(segments: segments, keys: volume.drive, epochs: volume.epochs)
        preludes = PreludeReader(segments: segments, preludeKey: volume.preludeKey)
    }
}

/// The spool's copy of the shared volume.
struct SpooledVolume: LocalSegments {
    var segment = StoredVolume.shared.segment

    func bytes(volume: VolumeID, segment number: Int, range: Range<Int>) -> [UInt8]? {
        volume == StoredVolume.shared.id && number == 0 ? Array(segment[range]) : nil
    }
}
