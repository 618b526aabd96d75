public import SCALE
public import Substrate

/// A storage node as it is registered (`Sminer.MinerItems`). Spaces are bytes.
public struct MinerInfo: Hashable, Sendable, ScaleCodable {
    public var beneficiary: AccountID
    public var stakingAccount: AccountID
    /// Free text set by the operator, at most 100 bytes.
    public var endpoint: [UInt8]
    public var collaterals: UInt128
    public var debt: UInt128
    public var state: MinerState
    public var declarationSpace: UInt128
    public var idleSpace: UInt128
    public var serviceSpace: UInt128
    public var lockSpace: UInt128
    public var spaceProof: SpaceProofInfo?
    /// 256 words of 8 bytes.
    public var serviceBloomFilter: [UInt8]
    /// 64 bytes.
    public var teeSignature: [UInt8]

    public static let bloomFilterByteCount = 2048

    /// - Precondition: the filter has 2048 bytes and the signature 64.
    public init(
        beneficiary: AccountID, stakingAccount: AccountID, endpoint: [UInt8], collaterals: UInt128,
        debt: UInt128 = 0, state: MinerState, declarationSpace: UInt128, idleSpace: UInt128 = 0,
        serviceSpace: UInt128 = 0, lockSpace: UInt128 = 0, spaceProof: SpaceProofInfo? = nil,
        serviceBloomFilter: [UInt8] = Array(repeating: 0, count: bloomFilterByteCount),
        teeSignature: [UInt8] = Array(repeating: 0, count: 64)
    ) {
        precondition(serviceBloomFilter.count == Self.bloomFilterByteCount && teeSignature.count == 64)
        self.beneficiary = beneficiary
        self.stakingAccount = stakingAccount
        self.endpoint = endpoint
        self.collaterals = collaterals
        self.debt = debt
        self.state = state
        self.declarationSpace = declarationSpace
        self.idleSpace = idleSpace
        self.serviceSpace = serviceSpace
        self.lockSpace = lockSpace
        self.spaceProof = spaceProof
        self.serviceBloomFilter = serviceBloomFilter
        self.teeSignature = teeSignature
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        beneficiary = try decoder.decode()
        stakingAccount = try decoder.decode()
        endpoint = try decoder.byteVector(limit: CESSLimits.maximumEndpointByteCount)
        collaterals = try decoder.integer()
        debt = try decoder.integer()
        state = try decoder.decode()
        declarationSpace = try decoder.integer()
        idleSpace = try decoder.integer()
        serviceSpace = try decoder.integer()
        lockSpace = try decoder.integer()
        spaceProof = try decoder.option()
        serviceBloomFilter = try decoder.raw(Self.bloomFilterByteCount)
        teeSignature = try decoder.raw(64)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(beneficiary)
        encoder.encode(stakingAccount)
        encoder.byteVector(endpoint)
        encoder.integer(collaterals)
        encoder.integer(debt)
        encoder.encode(state)
        for space in [declarationSpace, idleSpace, serviceSpace, lockSpace] { encoder.integer(space) }
        encoder.option(spaceProof)
        encoder.raw(serviceBloomFilter)
        encoder.raw(teeSignature)
    }
}

/// The state of a storage node, a text on chain. `positive` says that it may take files, not that it is alive.
public enum MinerState: Hashable, Sendable, ScaleCodable, CustomStringConvertible {
    case notReady, positive, frozen, exit, lock, offline
    /// A text that this version does not know.
    case other([UInt8])

    private static let texts: [(MinerState, String)] = [
        (.notReady, "not ready"), (.positive, "positive"), (.frozen, "frozen"), (.exit, "exit"), (.lock, "lock"),
        (.offline, "offline"),
    ]

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let text = try decoder.byteVector(limit: 64)
        self = Self.texts.first { Array($0.1.utf8) == text }?.0 ?? .other(text)
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.byteVector(text) }

    public var description: String { String(decoding: text, as: UTF8.self) }

    private var text: [UInt8] {
        if case .other(let text) = self { return text }
        return Array(Self.texts.first { $0.0 == self }?.1.utf8 ?? "".utf8)
    }
}

/// A node's proof of idle space, which only TEE workers read.
public struct SpaceProofInfo: Hashable, Sendable, ScaleCodable {
    public var node: AccountID
    public var front: UInt64
    public var rear: UInt64
    /// The key's g and n, 256 bytes each.
    public var keyG: [UInt8]
    public var keyN: [UInt8]
    /// 256 bytes.
    public var accumulator: [UInt8]

    /// - Precondition: the three numbers have 256 bytes each.
    public init(node: AccountID, front: UInt64, rear: UInt64, keyG: [UInt8], keyN: [UInt8], accumulator: [UInt8]) {
        precondition(keyG.count == 256 && keyN.count == 256 && accumulator.count == 256)
        self.node = node
        self.front = front
        self.rear = rear
        self.keyG = keyG
        self.keyN = keyN
        self.accumulator = accumulator
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        node = try decoder.decode()
        front = try decoder.integer()
        rear = try decoder.integer()
        keyG = try decoder.raw(256)
        keyN = try decoder.raw(256)
        accumulator = try decoder.raw(256)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(node)
        encoder.integer(front)
        encoder.integer(rear)
        encoder.raw(keyG)
        encoder.raw(keyN)
        encoder.raw(accumulator)
    }
}

/// What of a node that left remains to be restored (`Sminer.RestoralTarget`).
public struct RestoralTargetInfo: Hashable, Sendable, ScaleCodable {
    public var node: AccountID
    public var serviceSpace: UInt128
    public var restoredSpace: UInt128
    public var coolingBlock: BlockNumber

    public init(node: AccountID, serviceSpace: UInt128, restoredSpace: UInt128, coolingBlock: BlockNumber) {
        self.node = node
        self.serviceSpace = serviceSpace
        self.restoredSpace = restoredSpace
        self.coolingBlock = coolingBlock
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        node = try decoder.decode()
        serviceSpace = try decoder.integer()
        restoredSpace = try decoder.integer()
        coolingBlock = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(node)
        encoder.integer(serviceSpace)
        encoder.integer(restoredSpace)
        encoder.integer(coolingBlock)
    }
}

/// A gateway (`Oss.Oss`).
public struct OssInfo: Hashable, Sendable, ScaleCodable {
    /// 38 bytes.
    public var peerID: [UInt8]
    /// At most 50 bytes.
    public var domain: [UInt8]

    /// - Precondition: `peerID` has 38 bytes.
    public init(peerID: [UInt8], domain: [UInt8]) {
        precondition(peerID.count == 38)
        self.peerID = peerID
        self.domain = domain
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        peerID = try decoder.raw(38)
        domain = try decoder.byteVector(limit: CESSLimits.maximumDomainByteCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.raw(peerID)
        encoder.byteVector(domain)
    }
}
