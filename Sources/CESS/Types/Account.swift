public import SCALE

/// An account's nonce, references and balance (`System.Account`). Amounts are 10⁻¹⁸ TCESS.
public struct AccountInfo: Hashable, Sendable, ScaleCodable {
    public var nonce: UInt32
    public var consumers: UInt32
    public var providers: UInt32
    public var sufficients: UInt32
    public var free: UInt128
    public var reserved: UInt128
    public var frozen: UInt128
    public var flags: UInt128

    /// What an account that the chain does not know has.
    public static let absent = AccountInfo()

    public init(
        nonce: UInt32 = 0, consumers: UInt32 = 0, providers: UInt32 = 0, sufficients: UInt32 = 0, free: UInt128 = 0,
        reserved: UInt128 = 0, frozen: UInt128 = 0, flags: UInt128 = 1 << 127
    ) {
        self.nonce = nonce
        self.consumers = consumers
        self.providers = providers
        self.sufficients = sufficients
        self.free = free
        self.reserved = reserved
        self.frozen = frozen
        self.flags = flags
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        nonce = try decoder.integer()
        consumers = try decoder.integer()
        providers = try decoder.integer()
        sufficients = try decoder.integer()
        free = try decoder.integer()
        reserved = try decoder.integer()
        frozen = try decoder.integer()
        flags = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        for count in [nonce, consumers, providers, sufficients] { encoder.integer(count) }
        for amount in [free, reserved, frozen, flags] { encoder.integer(amount) }
    }

    /// What the account can pay and stay alive. What is frozen may lie in the reserved part.
    public func spendable(existentialDeposit: UInt128) -> UInt128 {
        let untouchable = max(existentialDeposit, frozen > reserved ? frozen - reserved : 0)
        return free > untouchable ? free - untouchable : 0
    }
}
