extension RuntimeSchema {
    /// The Timestamp pallet, as far as the local chain has it.
    static let timestamp = """
        pallet 3 Timestamp Timestamp
        calls pallet_timestamp::pallet::Call<~T> {
            0 set { now: Compact<u64> },
        }
        storage {
            Now: u64 = zeros 8,
            DidUpdate: bool = zeros 1,
        }
        constants {
            MinimumPeriod: u64 = 0xb80b000000000000,
        }
        """
}
