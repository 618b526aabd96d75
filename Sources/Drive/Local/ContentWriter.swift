internal import BlobStore
internal import Chunking
internal import DriveFormat
internal import SCALE
internal import Sealing

/// Makes the content of one file of its bytes in their order: cuts them into chunks and puts these into the spool. Several
/// chunks are being named and compressed at once.
///
/// Memory: `windowByteCount`, the chunks that are being prepared, and a path of the list's tree.
///
/// Format: Docs/Format/Chunks.md; Docs/Format/Entries.md, "List of chunks".
struct ContentWriter: Sendable {
    /// What a file's bytes go through. One task at a time stores with it.
    struct Store: Sendable {
        let trees: DriveTrees
        let spool: Spool
        let keys: DriveKeys
        let chunker: Chunker

        init(trees: DriveTrees, spool: Spool, keys: DriveKeys) {
            self.trees = trees
            self.spool = spool
            self.keys = keys
            chunker = Chunker(seed: keys.chunkerSeed)
        }
    }

    /// Chunks that are being named and compressed at once.
    private static let parallel = 4
    private static let windowByteCount = 2 * Chunker.maximumByteCount

    private let store: Store
    /// Called for each chunk that was cut, with its length, when it is in the spool.
    private let stored: @Sendable (Int) async -> Void
    private var chunks: ChunkList
    /// What has not been cut yet.
    private var window: [UInt8] = []

    init(_ store: Store, stored: @escaping @Sendable (Int) async -> Void) {
        self.store = store
        self.stored = stored
        chunks = ChunkList(in: store.trees.chunkLists)
    }

    /// Bytes that may be appended before something has to be cut off; never 0.
    var room: Int { Self.windowByteCount - window.count }

    /// Whether a chunk begins with the next byte, as far as is known yet.
    var isAtBorder: Bool { window.isEmpty }

    /// Appends at most `room` bytes.
    mutating func append(_ bytes: [UInt8]) async throws {
        window += bytes
        if window.count >= Self.windowByteCount { try await cut() }
    }

    /// Ends the run of bytes, as before a hole: chunks are cut anew after it.
    mutating func endRun() async throws { try await cut(isLast: true) }

    mutating func append(hole byteCount: UInt64) async throws {
        try await endRun()
        try await chunks.append(.hole(byteCount))
    }

    /// Appends a chunk that the drive has, without a look at it.
    ///
    /// - Precondition: `isAtBorder`.
    mutating func append(_ chunk: ChunkKey) async throws {
        precondition(isAtBorder, "a chunk is taken over where one begins")
        try await chunks.append(chunk)
    }

    /// What the file's entry says of its content and its size. A short file without holes stands in the entry.
    mutating func finish() async throws -> (content: Content, size: UInt64) {
        if chunks.isEmpty, window.count <= Content.inlineByteLimit {
            let byteCount = window.count
            if byteCount > 0 { await stored(byteCount) }
            return (window.isEmpty ? .none : .inline(window), UInt64(byteCount))
        }
        try await endRun()
        return (try await chunks.finish(), chunks.byteCount)
    }

    /// Stores everything in the window that can be cut without reading on, and takes it away.
    mutating func cut(isLast: Bool = false) async throws {
        var cuts: [Range<Int>] = []
        var start = 0
        while let length = store.chunker.cut(window.span.extracting(start..<window.count), isLast: isLast) {
            cuts.append(start..<start + length)
            start += length
        }
        try await append(cuts)
        window.removeFirst(start)
    }

    private mutating func append(_ cuts: [Range<Int>]) async throws {
        let (window, keys) = (window, store.keys)
        try await withThrowingTaskGroup(of: (Int, PreparedBlob).self) { group in
            var ready: [Int: PreparedBlob] = [:]
            var started = 0
            for index in cuts.indices {
                while started < min(cuts.count, index + Self.parallel) {
                    let (number, cut) = (started, cuts[started])
                    group.addTask { (number, PreparedBlob(Array(window[cut]), kind: .chunk, keys: keys, padded: true)) }
                    started += 1
                }
                while ready[index] == nil, let (number, blob) = try await group.next() { ready[number] = blob }
                guard let blob = ready.removeValue(forKey: index) else { throw CancellationError() }
                try await store.spool.append(blob)
                try await chunks.append(ChunkKey(id: blob.id, length: UInt64(cuts[index].count)))
                await stored(cuts[index].count)
            }
        }
    }
}

extension BlobWriter {
    /// Extended attributes as they stand in an entry: few in place, more in a blob.
    func store(_ attributes: AttributeList) async throws -> Attributes {
        let bytes = attributes.scaleBytes
        guard bytes.count > Attributes.inlineByteLimit else { return .inline(attributes) }
        return .blob(try await store(bytes, kind: .attributes).id, rawLength: UInt32(bytes.count))
    }
}
