internal import SCALE
internal import Substrate

/// What of the runtime depends on how the network was started.
struct RuntimeParameters: Equatable, Sendable, ScaleCodable {
    static let specVersion: UInt32 = 137
    static let transactionVersion: UInt32 = 1
    static let ss58Prefix: UInt16 = 11330
    static let existentialDeposit: UInt128 = 1_000_000_000_000_000_000
    static let blockHashCount: BlockNumber = 2400
    /// Collateral for each TiB that a storage node declares.
    static let stakingPerTiB: UInt128 = 4000 * existentialDeposit

    /// In milliseconds.
    var blockTime: UInt64
    /// Blocks of a day: what leases are counted in.
    var oneDay: BlockNumber
    /// How long a territory stays frozen, in days.
    var frozenDays: UInt32

    var frozenBlocks: BlockNumber { BlockNumber(clamping: UInt64(frozenDays) * UInt64(oneDay)) }

    init(blockTime: UInt64, oneDay: BlockNumber, frozenDays: UInt32) {
        (self.blockTime, self.oneDay, self.frozenDays) = (blockTime, oneDay, frozenDays)
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        blockTime = try decoder.integer()
        oneDay = try decoder.integer()
        frozenDays = try decoder.integer()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(blockTime)
        encoder.integer(oneDay)
        encoder.integer(frozenDays)
    }

    /// The constants of the metadata that follow from these values.
    var constants: [String: [UInt8]] {
        [
            "Babe.ExpectedBlockTime": encoded(blockTime),
            "Timestamp.MinimumPeriod": encoded(blockTime / 2),
            "FileBank.OneDay": encoded(oneDay),
            "Sminer.OneDayBlock": encoded(oneDay),
            "Sminer.StakingLockBlock": encoded(180 * oneDay),
            "StorageHandler.OneDay": encoded(oneDay),
            "StorageHandler.OneHours": encoded(oneDay / 24),
            "StorageHandler.ConsignmentRemainingBlock": encoded(oneDay),
            "StorageHandler.FrozenDays": encoded(frozenBlocks),
        ]
    }

    private func encoded(_ value: some FixedWidthInteger) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.integer(value)
        return encoder.bytes
    }
}
