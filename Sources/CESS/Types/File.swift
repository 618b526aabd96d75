public import SCALE
public import Substrate

/// A stored file (`FileBank.File`): every fragment of it has been reported by a node.
public struct FileInfo: Hashable, Sendable, ScaleCodable {
    public var segments: [SegmentInfo]
    public var owners: [UserBrief]
    /// As the uploader declared it; the chain does not check it.
    public var fileSize: UInt128
    /// The block in which the last report came.
    public var completion: BlockNumber
    public var state: FileState

    public init(
        segments: [SegmentInfo], owners: [UserBrief], fileSize: UInt128, completion: BlockNumber,
        state: FileState = .active
    ) {
        self.segments = segments
        self.owners = owners
        self.fileSize = fileSize
        self.completion = completion
        self.state = state
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        segments = try decoder.vector(limit: CESSLimits.maximumSegmentCount)
        owners = try decoder.vector(limit: CESSLimits.maximumOwnerCount)
        fileSize = try decoder.integer()
        completion = try decoder.integer()
        state = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.vector(segments)
        encoder.vector(owners)
        encoder.integer(fileSize)
        encoder.integer(completion)
        encoder.encode(state)
    }
}

/// A segment of a stored file.
public struct SegmentInfo: Hashable, Sendable, ScaleCodable {
    public var hash: SegmentHash
    /// By row.
    public var fragments: [FragmentInfo]

    public init(hash: SegmentHash, fragments: [FragmentInfo]) {
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

/// A fragment of a stored file and the node that claims to hold it.
public struct FragmentInfo: Hashable, Sendable, ScaleCodable {
    public var hash: FragmentHash
    /// False while its node reports it lost.
    public var isAvailable: Bool
    /// The block in which a TEE worker tagged it.
    public var tag: BlockNumber?
    public var node: AccountID

    public init(hash: FragmentHash, isAvailable: Bool = true, tag: BlockNumber? = nil, node: AccountID) {
        self.hash = hash
        self.isAvailable = isAvailable
        self.tag = tag
        self.node = node
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        hash = try decoder.decode()
        isAvailable = try decoder.bool()
        tag = try decoder.option { (some) throws(ScaleError) in try some.integer() }
        node = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(hash)
        encoder.bool(isAvailable)
        encoder.option(tag) { $0.integer($1) }
        encoder.encode(node)
    }
}

/// The state of a stored file; the chain only ever writes `active`.
public enum FileState: UInt8, Hashable, Sendable, ScaleCodable {
    case active, calculate, missing, recovery

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        self = try decoder.index(of: Self.self, named: "FileState")
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}

/// An entry of a user's list of files (`FileBank.UserHoldFileList`).
///
/// The list loses entries when another territory of the user expires: do not take it for complete.
public struct UserFileSliceInfo: Hashable, Sendable, ScaleCodable {
    public var territoryName: [UInt8]
    public var fid: FID
    /// The space charged, 96 MiB a segment: not the file's length.
    public var chargedByteCount: UInt128

    public init(territoryName: [UInt8], fid: FID, chargedByteCount: UInt128) {
        self.territoryName = territoryName
        self.fid = fid
        self.chargedByteCount = chargedByteCount
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        territoryName = try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
        fid = try decoder.decode()
        chargedByteCount = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(territoryName)
        encoder.encode(fid)
        encoder.integer(chargedByteCount)
    }
}

extension ScaleDecoder {
    /// The index of a variant without fields.
    mutating func index<T: RawRepresentable<UInt8>>(of type: T.Type, named name: String) throws(ScaleError) -> T {
        let start = offset
        let index = try byte()
        guard let value = T(rawValue: index) else { throw .unknownVariant(index, type: name, offset: start) }
        return value
    }
}
