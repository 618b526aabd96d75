extension RuntimeSchema {
    /// The Balances pallet, as far as the local chain has it.
    static let balances = """
        enum sp_runtime::multiaddress::MultiAddress<AccountId = AccountId32, AccountIndex = u32> {
            0 Id(AccountId32), 1 Index(Compact<u32>), 2 Raw([u8]), 3 Address32([u8; 32]), 4 Address20([u8; 20])
        }
        enum frame_support::traits::tokens::misc::BalanceStatus { 0 Free, 1 Reserved }
        enum pallet_balances::types::Reasons { 0 Fee, 1 Misc, 2 All }
        struct pallet_balances::types::BalanceLock<Balance = u128> { id: [u8; 8], amount: u128, reasons: Reasons }
        struct bounded_collections::weak_bounded_vec::WeakBoundedVec<T, ~S>([T])
        struct pallet_balances::types::ReserveData<ReserveIdentifier = [u8; 8], Balance = u128> {
            id: [u8; 8], amount: u128
        }
        struct bounded_collections::bounded_vec::BoundedVec<T, ~S>([T])

        pallet 6 Balances Balances
        calls pallet_balances::pallet::Call<~T, ~I> {
            0 transfer_allow_death { dest: MultiAddress, value: Compact<u128> },
            3 transfer_keep_alive { dest: MultiAddress, value: Compact<u128> },
            4 transfer_all { dest: MultiAddress, keep_alive: bool },
        }
        events pallet_balances::pallet::Event<~T, ~I> {
            0 Endowed { account: AccountId32, free_balance: u128 },
            1 DustLost { account: AccountId32, amount: u128 },
            2 Transfer { from: AccountId32, to: AccountId32, amount: u128 },
            3 BalanceSet { who: AccountId32, free: u128 },
            4 Reserved { who: AccountId32, amount: u128 },
            5 Unreserved { who: AccountId32, amount: u128 },
            6 ReserveRepatriated {
                from: AccountId32, to: AccountId32, amount: u128, destination_status: BalanceStatus
            },
            7 Deposit { who: AccountId32, amount: u128 },
            8 Withdraw { who: AccountId32, amount: u128 },
            9 Slashed { who: AccountId32, amount: u128 },
            10 Minted { who: AccountId32, amount: u128 },
            11 Burned { who: AccountId32, amount: u128 },
            12 Suspended { who: AccountId32, amount: u128 },
            13 Restored { who: AccountId32, amount: u128 },
            14 Upgraded { who: AccountId32 },
            15 Issued { amount: u128 },
            16 Rescinded { amount: u128 },
            17 Locked { who: AccountId32, amount: u128 },
            18 Unlocked { who: AccountId32, amount: u128 },
            19 Frozen { who: AccountId32, amount: u128 },
            20 Thawed { who: AccountId32, amount: u128 },
            21 TotalIssuanceForced { old: u128, new: u128 },
        }
        errors pallet_balances::pallet::Error<~T, ~I> {
            0 VestingBalance, 1 LiquidityRestrictions, 2 InsufficientBalance, 3 ExistentialDeposit, 4 Expendability,
            5 ExistingVestingSchedule, 6 DeadAccount, 7 TooManyReserves, 8 TooManyHolds, 9 TooManyFreezes,
            10 IssuanceDeactivated, 11 DeltaZero,
        }
        storage {
            TotalIssuance: u128 = zeros 16,
            InactiveIssuance: u128 = zeros 16,
            Account(Blake2_128Concat AccountId32): AccountData = zeros 63 0x80,
            Locks(Blake2_128Concat AccountId32): WeakBoundedVec<BalanceLock> = zeros 1,
            Reserves(Blake2_128Concat AccountId32): BoundedVec<ReserveData> = zeros 1,
        }
        constants {
            ExistentialDeposit: u128 = 0x000064a7b3b6e00d0000000000000000,
            MaxLocks: u32 = 0x32000000,
            MaxReserves: u32 = 0x32000000,
            MaxFreezes: u32 = 0x00000000,
        }
        """
}
