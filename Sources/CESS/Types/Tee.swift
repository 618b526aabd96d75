public import Primitives
public import SCALE
public import Substrate

/// What a TEE worker signs for a node's tagged fragments (`FileBank.calculate_report`).
public struct TagSigInfo: Hashable, Sendable, ScaleCodable {
    public var node: AccountID
    public var digests: [DigestInfo]
    public var fid: FID

    public init(node: AccountID, digests: [DigestInfo], fid: FID) {
        self.node = node
        self.digests = digests
        self.fid = fid
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        node = try decoder.decode()
        digests = try decoder.vector(limit: CESSLimits.maximumSegmentCount)
        fid = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(node)
        encoder.vector(digests)
        encoder.encode(fid)
    }
}

/// A tagged fragment and the public key of the TEE worker that tagged it.
public struct DigestInfo: Hashable, Sendable, ScaleCodable {
    public var fragment: FragmentHash
    public var teeKey: Bytes32

    public init(fragment: FragmentHash, teeKey: Bytes32) {
        self.fragment = fragment
        self.teeKey = teeKey
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        fragment = try decoder.decode()
        teeKey = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(fragment)
        encoder.encode(teeKey)
    }
}

/// What a user signs so that anyone can submit an authorisation (`Oss.proxy_authorzie`).
public struct ProxyAuthPayload: Hashable, Sendable, ScaleCodable {
    public var oss: AccountID
    public var expiry: BlockNumber

    public init(oss: AccountID, expiry: BlockNumber) {
        self.oss = oss
        self.expiry = expiry
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        oss = try decoder.decode()
        expiry = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(oss)
        encoder.integer(expiry)
    }
}
