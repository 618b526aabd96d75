internal import CISAL

/// The systematic Reed-Solomon code of CESS: 4 data and 8 parity shards over GF(2⁸), any 4 restore the rest.
///
/// Byte k of every shard depends on byte k of the data shards alone, so every function here works on any range of
/// bytes that is the same in all shards. Nothing allocates in proportion to the shards unless it returns them.
///
/// Format: Docs/Format/Fragments.md.
public struct ReedSolomon: Sendable {
    public static let dataShardCount = 4
    public static let parityShardCount = 8
    public static let shardCount = dataShardCount + parityShardCount

    /// Row r gives shard r from the four data shards: Docs/Format/Fragments.md, "Matrix".
    public static let matrix: [[UInt8]] = [
        [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1],
        [27, 28, 18, 20], [28, 27, 20, 18], [18, 20, 27, 28], [20, 18, 28, 27],
        [245, 232, 196, 216], [232, 245, 216, 196], [196, 216, 245, 232], [216, 196, 232, 245],
    ]

    /// ISA-L's expanded coefficients: 32 bytes a coefficient, row after row of `matrix`.
    private let tables = Self.tables(of: Self.matrix)

    public init() {}

    // MARK: Encoding

    /// Computes a range of bytes of some shards from a segment.
    ///
    /// - Parameters:
    ///   - rows: indices of the wanted shards, 0..<12, in the order in which they are wanted. Consecutive rows are
    ///     computed in one pass over the segment.
    ///   - segment: the four data shards one after another.
    ///   - range: which bytes of each shard.
    ///   - output: receives `rows.count` × `range.count` bytes, shard after shard.
    /// - Precondition: the segment divides by four, the range lies within a shard, the output has its length.
    public func encode(
        rows: Range<Int>, of segment: Span<UInt8>, range: Range<Int>, into output: inout MutableSpan<UInt8>
    ) {
        let shardByteCount = segment.count / Self.dataShardCount
        precondition(segment.count.isMultiple(of: Self.dataShardCount), "a segment has four equal shards")
        precondition(0 <= range.lowerBound && range.upperBound <= shardByteCount, "the range lies within a shard")
        precondition(0 <= rows.lowerBound && rows.upperBound <= Self.shardCount, "shards are 0 to 11")
        precondition(output.count == rows.count * range.count, "one place for each byte")
        segment.withUnsafeBufferPointer { segment in
            output.withUnsafeMutableBufferPointer { output in
                guard let segment = segment.baseAddress, let output = output.baseAddress else { return }
                let sources = (0..<Self.dataShardCount).map { segment + $0 * shardByteCount + range.lowerBound }
                let targets = rows.indices.map { output + ($0 - rows.lowerBound) * range.count }
                let expanded = Array(tables[rows.lowerBound * Self.tableRow..<rows.upperBound * Self.tableRow])
                Self.multiply(expanded, sources, targets, byteCount: range.count)
            }
        }
    }

    /// Computes one whole shard of a segment.
    ///
    /// - Precondition: `output` has a quarter of the segment's length.
    public func shard(_ index: Int, of segment: Span<UInt8>, into output: inout MutableSpan<UInt8>) {
        encode(
            rows: index..<index + 1, of: segment, range: 0..<segment.count / Self.dataShardCount, into: &output)
    }

    /// All twelve shards of a segment. For tests and small inputs; the hot path uses `encode(rows:of:range:into:)`.
    ///
    /// - Throws: `ErasureError.unevenSegment` unless the length divides by four.
    public func encode(_ segment: [UInt8]) throws(ErasureError) -> [[UInt8]] {
        guard segment.count.isMultiple(of: Self.dataShardCount) else {
            throw .unevenSegment(byteCount: segment.count)
        }
        return (0..<Self.shardCount).map { index in
            var bytes = [UInt8](repeating: 0, count: segment.count / Self.dataShardCount)
            var output = bytes.mutableSpan
            shard(index, of: segment.span, into: &output)
            return bytes
        }
    }

    // MARK: Rebuilding

    /// Computes a range of bytes of some shards from the same range of four others.
    ///
    /// - Parameters:
    ///   - wanted: indices of the shards to compute; may be among the present ones.
    ///   - present: the indices of four different shards.
    ///   - input: their bytes, shard after shard in the order of `present`.
    ///   - output: receives the wanted ones in their order, each as long as one of the input.
    /// - Throws: `ErasureError` if indices are not four different shards, or the lengths do not agree.
    /// - Complexity: four multiplications for each byte rebuilt, in one pass.
    public func rebuild(
        _ wanted: [Int], from present: [Int], _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(ErasureError) {
        let rows = try Self.recovery(of: wanted, from: present)
        let byteCount = input.count / Self.dataShardCount
        guard input.count == byteCount * Self.dataShardCount, output.count == wanted.count * byteCount else {
            throw .unequalShards
        }
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                guard let input = input.baseAddress, let output = output.baseAddress else { return }
                Self.multiply(
                    Self.tables(of: rows), (0..<Self.dataShardCount).map { input + $0 * byteCount },
                    wanted.indices.map { output + $0 * byteCount }, byteCount: byteCount)
            }
        }
    }

    /// Computes shards from four others that lie apart, as they come from the network.
    ///
    /// - Parameter present: four different shards, or a range of bytes that is the same in all of them.
    /// - Returns: the wanted shards, or their ranges, in the order of `wanted`.
    public func rebuild(
        _ wanted: [Int], from present: [(index: Int, bytes: [UInt8])]
    ) throws(ErasureError) -> [[UInt8]] {
        let rows = try Self.recovery(of: wanted, from: present.map(\.index))
        let byteCount = present[0].bytes.count
        guard present.allSatisfy({ $0.bytes.count == byteCount }) else { throw .unequalShards }
        return Self.withPointers(to: present.map(\.bytes)) { sources in
            rows.map { row in
                [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
                    if let target = buffer.baseAddress {
                        Self.multiply(Self.tables(of: [row]), sources, [target], byteCount: byteCount)
                    }
                    initialized = byteCount
                }
            }
        }
    }

    /// Rebuilds a segment from any four of its shards. For tests and small inputs.
    ///
    /// - Parameter shards: twelve slots in index order, `nil` where a shard is missing, the rest equally long.
    /// - Returns: 4 × shard length bytes: the segment with the padding it was encoded with.
    /// - Throws: `ErasureError.tooFewShards` if fewer than four slots are filled.
    public func decode(_ shards: [[UInt8]?]) throws(ErasureError) -> [UInt8] {
        guard shards.count == Self.shardCount else { throw .wrongSlotCount(shards.count) }
        let present = shards.enumerated().compactMap { index, bytes in bytes.map { (index: index, bytes: $0) } }
        guard present.count >= Self.dataShardCount else {
            throw .tooFewShards(present: present.count, needed: Self.dataShardCount)
        }
        guard present.allSatisfy({ $0.bytes.count == present[0].bytes.count }) else { throw .unequalShards }
        let missing = (0..<Self.dataShardCount).filter { shards[$0] == nil }
        let rebuilt = try rebuild(missing, from: Array(present.prefix(Self.dataShardCount)))
        var restored = missing.makeIterator()
        return shards.prefix(Self.dataShardCount).flatMap { slot in
            slot ?? restored.next().flatMap(missing.firstIndex(of:)).map { rebuilt[$0] } ?? []
        }
    }

    // MARK: Matrices

    /// The matrix that gives the four data shards from the four shards `present`.
    ///
    /// - Throws: `ErasureError` unless these are four different shards. Every such choice is invertible.
    public static func decodeMatrix(from present: [Int]) throws(ErasureError) -> [[UInt8]] {
        guard present.count == dataShardCount else {
            throw .tooFewShards(present: present.count, needed: dataShardCount)
        }
        for (position, index) in present.enumerated() {
            guard 0..<shardCount ~= index, !present[..<position].contains(index) else {
                throw .invalidShard(index: index)
            }
        }
        var rows = present.flatMap { matrix[$0] }
        var inverse = [UInt8](repeating: 0, count: rows.count)
        precondition(gf_invert_matrix(&rows, &inverse, Int32(dataShardCount)) == 0, "all 495 choices are invertible")
        return (0..<dataShardCount).map { Array(inverse[$0 * dataShardCount..<($0 + 1) * dataShardCount]) }
    }

    /// The rows that give the wanted shards from the present ones.
    private static func recovery(of wanted: [Int], from present: [Int]) throws(ErasureError) -> [[UInt8]] {
        let inverse = try decodeMatrix(from: present)
        var rows: [[UInt8]] = []
        for index in wanted {
            guard 0..<shardCount ~= index else { throw .invalidShard(index: index) }
            rows.append(
                (0..<dataShardCount).map { column in
                    (0..<dataShardCount).reduce(0) { $0 ^ gf_mul(matrix[index][$1], inverse[$1][column]) }
                })
        }
        return rows
    }

    // MARK: ISA-L

    private static let tableRow = 32 * dataShardCount

    private static func tables(of rows: [[UInt8]]) -> [UInt8] {
        var coefficients = rows.flatMap(\.self)
        var tables = [UInt8](repeating: 0, count: rows.count * tableRow)
        if !rows.isEmpty { ec_init_tables(Int32(dataShardCount), Int32(rows.count), &coefficients, &tables) }
        return tables
    }

    /// Each target is the combination of the four sources that its row of the tables says.
    private static func multiply(
        _ tables: [UInt8], _ sources: [UnsafePointer<UInt8>], _ targets: [UnsafeMutablePointer<UInt8>], byteCount: Int
    ) {
        guard byteCount > 0, !targets.isEmpty else { return }
        precondition(byteCount <= Int32.max, "ISA-L counts in 32 bits")
        // ISA-L declares as mutable what it only reads.
        var tables = tables
        var sources: [UnsafeMutablePointer<UInt8>?] = sources.map { UnsafeMutablePointer(mutating: $0) }
        var targets: [UnsafeMutablePointer<UInt8>?] = targets
        cessdrive_ec_encode_data(
            Int32(byteCount), Int32(sources.count), Int32(targets.count), &tables, &sources, &targets)
    }

    /// Pointers to several arrays at once.
    private static func withPointers<R>(
        to arrays: [[UInt8]], _ pointers: [UnsafePointer<UInt8>] = [], _ body: ([UnsafePointer<UInt8>]) -> R
    ) -> R {
        guard pointers.count < arrays.count else { return body(pointers) }
        return arrays[pointers.count].withUnsafeBufferPointer {
            // Even an empty array has an address; nothing is read there.
            withPointers(
                to: arrays, pointers + [$0.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped], body)
        }
    }
}
