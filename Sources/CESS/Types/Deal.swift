public import SCALE
public import Substrate

/// A declared file that its nodes have not all reported yet (`FileBank.DealMap`).
public struct DealInfo: Hashable, Sendable, ScaleCodable {
    public var fileSize: UInt128
    public var segments: [SegmentList]
    public var user: UserBrief
    /// The rows that nodes have reported, in the order of their reports.
    public var completed: [CompleteInfo]

    public init(fileSize: UInt128, segments: [SegmentList], user: UserBrief, completed: [CompleteInfo] = []) {
        self.fileSize = fileSize
        self.segments = segments
        self.user = user
        self.completed = completed
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        fileSize = try decoder.integer()
        segments = try decoder.vector(limit: CESSLimits.maximumSegmentCount)
        user = try decoder.decode()
        completed = try decoder.vector(limit: CESSLimits.fragmentCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(fileSize)
        encoder.vector(segments)
        encoder.encode(user)
        encoder.vector(completed)
    }
}

/// A segment as it is declared: its hash and its fragments' hashes by row.
public struct SegmentList: Hashable, Sendable, ScaleCodable {
    public var hash: SegmentHash
    public var fragments: [FragmentHash]

    public init(hash: SegmentHash, fragments: [FragmentHash]) {
        self.hash = hash
        self.fragments = fragments
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        hash = try decoder.decode()
        fragments = try decoder.vector(limit: CESSLimits.fragmentCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(hash)
        encoder.vector(fragments)
    }
}

/// Whose file it is, under which name and in which territory. Names are bytes: the chain does not check them to be UTF-8.
public struct UserBrief: Hashable, Sendable, ScaleCodable {
    public var user: AccountID
    /// 3…63 bytes; shorter ones decode, and the chain refuses them when declared.
    public var fileName: [UInt8]
    /// At most 63 bytes.
    public var territoryName: [UInt8]

    public init(user: AccountID, fileName: [UInt8], territoryName: [UInt8]) {
        self.user = user
        self.fileName = fileName
        self.territoryName = territoryName
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        user = try decoder.decode()
        fileName = try decoder.byteVector(limit: CESSLimits.fileNameByteCount.upperBound)
        territoryName = try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(user)
        encoder.byteVector(fileName)
        encoder.byteVector(territoryName)
    }
}

/// A node's report of a row.
public struct CompleteInfo: Hashable, Sendable, ScaleCodable {
    /// 0…11; on the wire rows count from 1.
    public var row: Int
    public var node: AccountID

    /// - Precondition: `row` is 0…11.
    public init(row: Int, node: AccountID) {
        precondition(0..<CESSLimits.fragmentCount ~= row, "a row is 0…11")
        self.row = row
        self.node = node
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        let index = Int(try decoder.byte())
        guard 1...CESSLimits.fragmentCount ~= index else {
            throw .invalid("\(index) is not the number of a row", offset: start)
        }
        row = index - 1
        node = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(UInt8(row + 1))
        encoder.encode(node)
    }
}

/// An order to restore a lost fragment (`FileBank.RestoralOrder`).
public struct RestoralOrderInfo: Hashable, Sendable, ScaleCodable {
    public var count: UInt32
    public var node: AccountID
    public var originNode: AccountID
    public var fragment: FragmentHash
    public var fid: FID
    public var generated: BlockNumber
    /// 0 while nobody has claimed it.
    public var deadline: BlockNumber

    public init(
        count: UInt32, node: AccountID, originNode: AccountID, fragment: FragmentHash, fid: FID,
        generated: BlockNumber, deadline: BlockNumber
    ) {
        self.count = count
        self.node = node
        self.originNode = originNode
        self.fragment = fragment
        self.fid = fid
        self.generated = generated
        self.deadline = deadline
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        count = try decoder.integer()
        node = try decoder.decode()
        originNode = try decoder.decode()
        fragment = try decoder.decode()
        fid = try decoder.decode()
        generated = try decoder.integer()
        deadline = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(count)
        encoder.encode(node)
        encoder.encode(originNode)
        encoder.encode(fragment)
        encoder.encode(fid)
        encoder.integer(generated)
        encoder.integer(deadline)
    }
}
