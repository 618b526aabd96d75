extension RuntimeSchema {
    /// The Babe pallet, as far as the local chain has it.
    static let babe = """
        pallet 2 Babe Babe
        constants {
            EpochDuration: u64 = 0x5802000000000000,
            ExpectedBlockTime: u64 = 0x7017000000000000,
        }
        """
}
