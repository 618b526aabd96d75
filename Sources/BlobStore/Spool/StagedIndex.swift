internal import Database
public import DriveFormat
internal import Primitives
public import Sealing

/// The staged blobs of some volumes that the next run of the index has to name, in the order of their ids.
///
/// Rows are found by keyed tags, so that order is made here: in passes over the rows, each of which takes as many as memory
/// may hold.
public struct StagedIndex: AsyncSequence, Sendable {
    public typealias Element = (id: BlobID, pointer: Pointer)

    /// Entries that are held at once, about.
    static let passSize = 400_000

    /// Not less than there are: nodes that no index names are counted as well.
    public let countLimit: Int
    private let database: StoreDatabase
    private let volumes: [VolumeID]
    private let passCount: Int

    init(database: StoreDatabase, volumes: [VolumeID], rowCount: Int, passSize: Int = passSize) {
        self.database = database
        self.volumes = volumes
        countLimit = rowCount
        // Ids are random: their first bytes divide them evenly.
        passCount = Swift.min(256, Swift.max(1, (rowCount + passSize - 1) / passSize))
    }

    public func makeAsyncIterator() -> Iterator { Iterator(index: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let index: StagedIndex
        private var pass = 0
        /// Last is next.
        private var entries: [Element] = []

        init(index: StagedIndex) { self.index = index }

        public mutating func next() async throws -> Element? {
            while entries.isEmpty {
                guard pass < index.passCount else { return nil }
                entries = try await index.entries(ofPass: pass)
                pass += 1
            }
            return entries.removeLast()
        }
    }

    private func entries(ofPass pass: Int) async throws -> [Element] {
        let range = pass * 256 / passCount..<(pass + 1) * 256 / passCount
        var entries: [Element] = []
        for volume in volumes {
            entries += try await database.stagedBlobs(of: volume) { blob in
                guard blob.kind.isIndexed, range ~= Int(blob.reference.id.bytes[0]) else { return nil }
                return (blob.reference.id, blob.reference.pointer)
            }
        }
        return entries.sorted { $0.id > $1.id }
    }
}

extension BlobKind {
    /// Whether the index names blobs of this kind. Nodes of the index itself and of the set of volumes, and commits, are
    /// named by their parents alone.
    public var isIndexed: Bool { ![.indexNode, .volumeSetNode, .commit].contains(self) }
}

extension StoreDatabase {
    /// What the next run of the index has to name of these volumes.
    public func stagedIndex(of volumes: [VolumeID]) async throws -> StagedIndex {
        let count = try await database.read { connection in
            try volumes.reduce(0) { count, volume in
                let id: [SQLValue] = [.blob(volume.value.bytes)]
                let row = try connection.row("SELECT count(*) FROM staged_blob WHERE volume = ?", id)
                return count + (try row?.integer(0, as: Int.self) ?? 0)
            }
        }
        return StagedIndex(database: self, volumes: volumes, rowCount: count)
    }
}
