public import Primitives
public import SCALE
public import Substrate

/// Leased space that files are charged to (`StorageHandler.Territory`). Amounts are bytes.
public struct TerritoryInfo: Hashable, Sendable, ScaleCodable {
    public var token: Bytes32
    public var totalSpace: UInt128
    public var usedSpace: UInt128
    /// Charged by open deals.
    public var lockedSpace: UInt128
    public var remainingSpace: UInt128
    public var start: BlockNumber
    /// The block in which the lease ends and the territory freezes.
    public var deadline: BlockNumber
    public var state: TerritoryState

    public init(
        token: Bytes32, totalSpace: UInt128, usedSpace: UInt128 = 0, lockedSpace: UInt128 = 0,
        remainingSpace: UInt128, start: BlockNumber, deadline: BlockNumber, state: TerritoryState = .active
    ) {
        self.token = token
        self.totalSpace = totalSpace
        self.usedSpace = usedSpace
        self.lockedSpace = lockedSpace
        self.remainingSpace = remainingSpace
        self.start = start
        self.deadline = deadline
        self.state = state
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        token = try decoder.decode()
        totalSpace = try decoder.integer()
        usedSpace = try decoder.integer()
        lockedSpace = try decoder.integer()
        remainingSpace = try decoder.integer()
        start = try decoder.integer()
        deadline = try decoder.integer()
        state = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(token)
        for space in [totalSpace, usedSpace, lockedSpace, remainingSpace] { encoder.integer(space) }
        encoder.integer(start)
        encoder.integer(deadline)
        encoder.encode(state)
    }
}

extension TerritoryInfo {
    /// Whether a declaration of so many segments fits. The chain wants strictly more space than it charges.
    public func hasRoom(forSegments count: Int) -> Bool {
        remainingSpace > CESSLimits.chargedByteCount(segmentCount: count)
    }
}

public enum TerritoryState: UInt8, Hashable, Sendable, ScaleCodable {
    case active
    /// The lease is over; readable and renewable for seven days.
    case frozen
    /// Its files are gone.
    case expired
    case onConsignment

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        self = try decoder.index(of: Self.self, named: "TerritoryState")
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}

/// An account's name for a territory (`StorageHandler.TerritoryKey`).
public struct TerritoryKey: Hashable, Sendable, ScaleCodable {
    public var owner: AccountID
    /// At most 63 bytes, not always UTF-8: a granted territory is named by its raw token.
    public var name: [UInt8]

    public init(owner: AccountID, name: [UInt8]) {
        self.owner = owner
        self.name = name
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        owner = try decoder.decode()
        name = try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(owner)
        encoder.byteVector(name)
    }
}

/// A territory for sale (`StorageHandler.Consignment`).
public struct ConsignmentInfo: Hashable, Sendable, ScaleCodable {
    public var user: AccountID
    public var price: UInt128
    public var buyer: AccountID?
    /// The block in which the sale is carried out.
    public var execution: BlockNumber?
    public var isLocked: Bool

    public init(
        user: AccountID, price: UInt128, buyer: AccountID? = nil, execution: BlockNumber? = nil,
        isLocked: Bool = false
    ) {
        self.user = user
        self.price = price
        self.buyer = buyer
        self.execution = execution
        self.isLocked = isLocked
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        user = try decoder.decode()
        price = try decoder.integer()
        buyer = try decoder.option()
        execution = try decoder.option { (some) throws(ScaleError) in try some.integer() }
        isLocked = try decoder.bool()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(user)
        encoder.integer(price)
        encoder.option(buyer)
        encoder.option(execution) { $0.integer($1) }
        encoder.bool(isLocked)
    }
}

/// An order that somebody else may pay (`StorageHandler.PayOrder`).
public struct OrderInfo: Hashable, Sendable, ScaleCodable {
    public var territoryName: [UInt8]
    public var pay: UInt128
    public var gibCount: UInt32
    public var days: UInt32
    public var expiry: BlockNumber
    public var target: AccountID
    public var kind: OrderType

    public init(
        territoryName: [UInt8], pay: UInt128, gibCount: UInt32, days: UInt32, expiry: BlockNumber, target: AccountID,
        kind: OrderType
    ) {
        self.territoryName = territoryName
        self.pay = pay
        self.gibCount = gibCount
        self.days = days
        self.expiry = expiry
        self.target = target
        self.kind = kind
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        territoryName = try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
        pay = try decoder.integer()
        gibCount = try decoder.integer()
        days = try decoder.integer()
        expiry = try decoder.integer()
        target = try decoder.decode()
        kind = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(territoryName)
        encoder.integer(pay)
        encoder.integer(gibCount)
        encoder.integer(days)
        encoder.integer(expiry)
        encoder.encode(target)
        encoder.encode(kind)
    }
}

public enum OrderType: UInt8, Hashable, Sendable, ScaleCodable {
    case buy, expansion, renewal

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        self = try decoder.index(of: Self.self, named: "OrderType")
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}
