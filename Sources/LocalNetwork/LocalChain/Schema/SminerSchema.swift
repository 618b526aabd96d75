extension RuntimeSchema {
    /// The Sminer pallet, as far as the local chain has it.
    static let sminer = """
        struct cp_cess_common::PoISKey { g: [u8; 256], n: [u8; 256] }
        struct cp_cess_common::SpaceProofInfo<AccountId = AccountId32> {
            miner: AccountId32, front: u64, rear: u64, pois_key: PoISKey, accumulator: [u8; 256]
        }
        struct cp_bloom_filter::BloomFilter([u64; 256])
        struct pallet_sminer::types::MinerInfo<~T> {
            beneficiary: AccountId32, staking_account: AccountId32, endpoint: BoundedVec<u8>, collaterals: u128,
            debt: u128, state: BoundedVec<u8>, declaration_space: u128, idle_space: u128, service_space: u128,
            lock_space: u128, space_proof_info: Option<SpaceProofInfo>, service_bloom_filter: BloomFilter,
            tee_signature: [u8; 64]
        }
        struct pallet_sminer::types::RestoralTargetInfo<Account = AccountId32, Block = u32> {
            miner: AccountId32, service_space: u128, restored_space: u128, cooling_block: u32
        }

        pallet 105 Sminer Sminer
        calls pallet_sminer::pallet::Call<~T> {
            0 regnstk { beneficiary: AccountId32, endpoint: BoundedVec<u8>, staking_val: u128, tib_count: u32 },
            3 update_endpoint { endpoint: BoundedVec<u8> },
        }
        events pallet_sminer::pallet::Event<~T> {
            0 Registered { acc: AccountId32 },
            1 RegisterPoisKey { miner: AccountId32 },
            2 DrawFaucetMoney,
            3 FaucetTopUpMoney { acc: AccountId32 },
            4 LessThan24Hours { last: u32, now: u32 },
            5 AlreadyFrozen { acc: AccountId32 },
            6 IncreaseCollateral { acc: AccountId32, balance: u128 },
            7 Deposit { balance: u128 },
            8 UpdateBeneficiary { acc: AccountId32, new: AccountId32 },
            9 UpdateEndPoint { acc: AccountId32, old: BoundedVec<u8>, new: BoundedVec<u8> },
            10 Receive { acc: AccountId32, reward: u128 },
            11 MinerExitPrep { miner: AccountId32 },
            12 Withdraw { acc: AccountId32 },
            13 IncreaseDeclarationSpace { miner: AccountId32, space: u128 },
            14 DecreaseDeclarationSpace { miner: AccountId32, space: u128 },
        }
        errors pallet_sminer::pallet::Error<~T> {
            0 NotMiner, 1 AlreadyRegistered, 2 Overflow, 3 NotExisted, 4 LessThan24Hours, 5 ConversionError,
            6 AlreadyFrozen, 7 NotpositiveState, 8 StorageLimitReached, 9 BoundedVecError, 10 DataNotExist,
            11 Unexpected, 12 VerifyTeeSigFailed, 13 CountError, 14 StateError, 15 BloomElemPushError,
            16 CollateralNotUp, 17 NotStakingAcc, 18 BugInvalid, 19 InsufficientStakingPeriod,
            20 ExceedingDeclarationSpace, 21 InsufficientReplaceable, 22 MalformedSignature, 23 NotSetWhite,
            24 WrongOrigin, 25 ExceedRelease, 26 UnableReduceDeclaration,
        }
        storage {
            MinerItems(Blake2_128Concat AccountId32): MinerInfo?,
            CounterForMinerItems: u32 = zeros 4,
            AllMiner: BoundedVec<AccountId32> = zeros 1,
            MinerPublicKey(Blake2_128Concat [u8; 32]): AccountId32?,
            Expenders: (u64, u64, u64)?,
            MinerLock(Blake2_128Concat AccountId32): u32?,
            RestoralTarget(Blake2_128Concat AccountId32): RestoralTargetInfo?,
            StakingStartBlock(Blake2_128Concat AccountId32): u32?,
            PendingReplacements(Blake2_128Concat AccountId32): u128 = zeros 16,
        }
        constants {
            FaucetId: PalletId = 0x6661637565746964,
            ItemLimit: u32 = 0x400d0300,
            OneDayBlock: u32 = 0x40380000,
            StakingLockBlock: u32 = 0x008d2700,
            MaximumRelease: u128 = 0x000000883081121f2fe7271000000000,
        }
        """
}
