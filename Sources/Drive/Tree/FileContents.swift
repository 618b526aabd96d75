internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing

/// Runs of a file in the order of its bytes: what has to be fetched, and what is known already.
struct FileRuns: AsyncSequence, Sendable {
    enum Run: Sendable {
        case bytes([UInt8])
        case chunk(BlobRequest, length: UInt64)
        case hole(UInt64)
    }

    let entry: Entry
    let trees: DriveTrees
    /// Of a list, the first run is the one that holds this byte.
    var offset: UInt64 = 0
    /// Where chunks are that were looked up before; the others are looked up one by one.
    var known: [BlobID: Pointer] = [:]

    func makeAsyncIterator() -> Iterator { Iterator(entry: entry, trees: trees, offset: offset, known: known) }

    struct Iterator: AsyncIteratorProtocol {
        private let trees: DriveTrees
        private var single: Content?
        private var list: ProllyEntries.Iterator?
        private let known: [BlobID: Pointer]

        init(entry: Entry, trees: DriveTrees, offset: UInt64, known: [BlobID: Pointer]) {
            self.trees = trees
            self.known = known
            if case .chunks(let root) = entry.content {
                list = trees.chunkLists.entries(of: root, fromByte: offset).makeAsyncIterator()
            } else {
                single = entry.content
            }
        }

        mutating func next() async throws -> Run? {
            if let content = single.take() {
                switch content {
                case .inline(let bytes): return .bytes(bytes)
                case .chunk(let id, let length):
                    return .chunk(try await request(ChunkKey(id: id, length: UInt64(length))), length: UInt64(length))
                default: return nil
                }
            }
            guard let item = try await list?.next() else { return nil }
            let key = try ChunkKey(scaleBytes: item.key)
            guard !key.isHole else { return .hole(key.length) }
            return .chunk(try await request(key), length: key.length)
        }

        /// A chunk of another length than the file says would move all that follows it.
        private func request(_ key: ChunkKey) async throws -> BlobRequest {
            let reference =
                if let pointer = known[key.id] { BlobReference(id: key.id, pointer: pointer) } else {
                    try await trees.index.reference(to: key.id)
                }
            guard UInt64(reference.pointer.rawLength) == key.length else {
                throw DriveError.stateDamaged(
                    path: "the drive", reason: "chunk \(key.id) has not the length that its file says")
            }
            return BlobRequest(reference)
        }
    }
}

extension DriveTrees {
    /// Hands over a file's bytes in order, fetching ahead. Holes come as zeros.
    ///
    /// - Precondition: the entry is an inode's, not one of several names of it.
    func read(_ entry: Entry, deliver: ([UInt8]) async throws -> Void) async throws {
        precondition(entry.linkGroup == nil, "a link group is followed first")
        guard case .chunks = entry.content else {
            for try await run in FileRuns(entry: entry, trees: self) {
                switch run {
                case .bytes(let bytes): try await deliver(bytes)
                case .chunk(let request, _):
                    try await deliver(try await reader.read(request.reference, kind: .chunk))
                case .hole: break
                }
            }
            return
        }
        // Holes are put back between the chunks as they are delivered.
        let holes = HoleQueue()
        let requests = ChunkRequests(runs: FileRuns(entry: entry, trees: self), holes: holes)
        var number = 0
        func fill() async throws {
            for length in await holes.before(number) {
                var left = length
                while left > 0 {
                    try Task.checkCancellation()
                    let count = min(left, 1 << 20)
                    try await deliver([UInt8](repeating: 0, count: Int(count)))
                    left -= count
                }
            }
        }
        try await reader.read(requests) { chunk in
            try await fill()
            try await deliver(chunk)
            number += 1
        }
        try await fill()
    }
}

/// The holes of a file, each before the chunk of some number.
private actor HoleQueue {
    private var holes: [(before: Int, length: UInt64)] = []

    /// Adjacent ones are one, so that a list of nothing but holes takes no memory.
    func add(_ length: UInt64, before number: Int) {
        if let last = holes.indices.last, holes[last].before == number {
            holes[last].length = holes[last].length.addingReportingOverflow(length).partialValue
        } else {
            holes.append((number, length))
        }
    }

    func before(_ number: Int) -> [UInt64] {
        let found = holes.filter { $0.before == number }.map(\.length)
        holes.removeAll { $0.before <= number }
        return found
    }
}

private struct ChunkRequests: AsyncSequence, Sendable {
    let runs: FileRuns
    let holes: HoleQueue

    func makeAsyncIterator() -> Iterator { Iterator(runs: runs.makeAsyncIterator(), holes: holes) }

    struct Iterator: AsyncIteratorProtocol {
        var runs: FileRuns.Iterator
        let holes: HoleQueue
        var number = 0

        mutating func next() async throws -> BlobRequest? {
            while let run = try await runs.next() {
                try Task.checkCancellation()
                switch run {
                case .chunk(let request, _):
                    number += 1
                    return request
                case .hole(let length): await holes.add(length, before: number)
                case .bytes: continue
                }
            }
            return nil
        }
    }
}
