extension RuntimeSchema {
    /// The TransactionPayment pallet, as far as the local chain has it.
    static let transactionPayment = """
        struct sp_arithmetic::fixed_point::FixedU128(u128)
        enum pallet_transaction_payment::Releases { 0 V1Ancient, 1 V2 }

        pallet 7 TransactionPayment TransactionPayment
        events pallet_transaction_payment::pallet::Event<~T> {
            0 TransactionFeePaid { who: AccountId32, actual_fee: u128, tip: u128 },
        }
        storage {
            NextFeeMultiplier: FixedU128 = 0x000064a7b3b6e00d0000000000000000,
            StorageVersion: Releases = zeros 1,
        }
        constants {
            OperationalFeeMultiplier: u8 = 0x05,
        }
        """
}
