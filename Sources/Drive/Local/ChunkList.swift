internal import DriveFormat
internal import SCALE

/// The chunks and holes of a file, taken one by one while it is read. Memory: a path of the list's tree.
///
/// Format: Docs/Format/Entries.md, "List of chunks".
struct ChunkList {
    private var builder: ProllyBuilder
    /// It goes into the tree with the second: a single chunk is named by its entry, without a list.
    private var first: ChunkKey?
    private var isTree = false
    /// The size of the file.
    private(set) var byteCount: UInt64 = 0

    init(in tree: ProllyTree) { builder = tree.builder() }

    var isEmpty: Bool { first == nil && !isTree }

    mutating func append(_ chunk: ChunkKey) async throws {
        byteCount += chunk.length
        guard !isEmpty else {
            first = chunk
            return
        }
        try await moveFirst()
        try await add(chunk)
    }

    /// What the file's entry says of its content.
    mutating func finish() async throws -> Content {
        if let first, !first.isHole { return .chunk(first.id, length: UInt32(first.length)) }
        guard !isEmpty else { return .none }
        try await moveFirst()
        return .chunks(try await builder.finish())
    }

    private mutating func moveFirst() async throws {
        guard let first else { return }
        self.first = nil
        isTree = true
        try await add(first)
    }

    private mutating func add(_ chunk: ChunkKey) async throws {
        try await builder.append(key: chunk.scaleBytes, value: [])
    }
}
