extension RuntimeSchema {
    /// The System pallet, as far as the local chain has it.
    static let system = """
        struct sp_weights::weight_v2::Weight { ref_time: Compact<u64>, proof_size: Compact<u64> }
        enum frame_support::dispatch::DispatchClass { 0 Normal, 1 Operational, 2 Mandatory }
        enum frame_support::dispatch::Pays { 0 Yes, 1 No }
        struct frame_system::DispatchEventInfo { weight: Weight, class: DispatchClass, pays_fee: Pays }
        struct sp_runtime::ModuleError { index: u8, error: [u8; 4] }
        enum sp_runtime::TokenError {
            0 FundsUnavailable, 1 OnlyProvider, 2 BelowMinimum, 3 CannotCreate, 4 UnknownAsset, 5 Frozen, 6 Unsupported,
            7 CannotCreateHold, 8 NotExpendable, 9 Blocked
        }
        enum sp_arithmetic::ArithmeticError { 0 Underflow, 1 Overflow, 2 DivisionByZero }
        enum sp_runtime::TransactionalError { 0 LimitReached, 1 NoLayer }
        enum sp_runtime::proving_trie::TrieError {
            0 InvalidStateRoot, 1 IncompleteDatabase, 2 ValueAtIncompleteKey, 3 DecoderError, 4 InvalidHash,
            5 DuplicateKey, 6 ExtraneousNode, 7 ExtraneousValue, 8 ExtraneousHashReference, 9 InvalidChildReference,
            10 ValueMismatch, 11 IncompleteProof, 12 RootMismatch, 13 DecodeError
        }
        enum sp_runtime::DispatchError {
            0 Other, 1 CannotLookup, 2 BadOrigin, 3 Module(ModuleError), 4 ConsumerRemaining, 5 NoProviders,
            6 TooManyConsumers, 7 Token(TokenError), 8 Arithmetic(ArithmeticError), 9 Transactional(TransactionalError),
            10 Exhausted, 11 Corruption, 12 Unavailable, 13 RootNotAllowed, 14 Trie(TrieError)
        }
        struct sp_core::crypto::AccountId32([u8; 32])
        struct primitive_types::H256([u8; 32])
        struct pallet_balances::types::ExtraFlags(u128)
        struct pallet_balances::types::AccountData<Balance = u128> {
            free: u128, reserved: u128, frozen: u128, flags: ExtraFlags
        }
        struct frame_system::AccountInfo<Nonce = u32, AccountData = AccountData> {
            nonce: u32, consumers: u32, providers: u32, sufficients: u32, data: AccountData
        }
        struct frame_support::dispatch::PerDispatchClass<T> { normal: T, operational: T, mandatory: T }
        enum sp_runtime::generic::digest::DigestItem {
            6 PreRuntime([u8; 4], [u8]), 4 Consensus([u8; 4], [u8]), 5 Seal([u8; 4], [u8]), 0 Other([u8]),
            8 RuntimeEnvironmentUpdated
        }
        struct sp_runtime::generic::digest::Digest { logs: [DigestItem] }
        enum frame_system::Phase { 0 ApplyExtrinsic(u32), 1 Finalization, 2 Initialization }
        struct frame_system::EventRecord<E = RuntimeEvent, T = H256> {
            phase: Phase, event: RuntimeEvent, topics: [H256]
        }
        struct Cow<T>(T)
        struct frame_system::LastRuntimeUpgradeInfo { spec_version: Compact<u32>, spec_name: Cow<str> }
        struct frame_system::CodeUpgradeAuthorization<~T> { code_hash: H256, check_version: bool }
        enum Option<T> { 0 None, 1 Some(T) }
        struct frame_system::limits::WeightsPerClass {
            base_extrinsic: Weight, max_extrinsic: Option<Weight>, max_total: Option<Weight>, reserved: Option<Weight>
        }
        struct frame_system::limits::BlockWeights {
            base_block: Weight, max_block: Weight, per_class: PerDispatchClass<WeightsPerClass>
        }
        struct frame_system::limits::BlockLength { max: PerDispatchClass<u32> }
        struct sp_weights::RuntimeDbWeight { read: u64, write: u64 }
        struct sp_version::RuntimeVersion {
            spec_name: Cow<str>, impl_name: Cow<str>, authoring_version: u32, spec_version: u32, impl_version: u32,
            apis: Cow<[([u8; 8], u32)]>, transaction_version: u32, system_version: u8
        }

        pallet 0 System System
        calls frame_system::pallet::Call<~T> {
            0 remark { remark: [u8] },
            7 remark_with_event { remark: [u8] },
        }
        events frame_system::pallet::Event<~T> {
            0 ExtrinsicSuccess { dispatch_info: DispatchEventInfo },
            1 ExtrinsicFailed { dispatch_error: DispatchError, dispatch_info: DispatchEventInfo },
            2 CodeUpdated,
            3 NewAccount { account: AccountId32 },
            4 KilledAccount { account: AccountId32 },
            5 Remarked { sender: AccountId32, hash: H256 },
            6 UpgradeAuthorized { code_hash: H256, check_version: bool },
        }
        errors frame_system::pallet::Error<~T> {
            0 InvalidSpecName, 1 SpecVersionNeedsToIncrease, 2 FailedToExtractRuntimeVersion, 3 NonDefaultComposite,
            4 NonZeroRefCount, 5 CallFiltered, 6 MultiBlockMigrationsOngoing, 7 NothingAuthorized, 8 Unauthorized,
        }
        storage {
            Account(Blake2_128Concat AccountId32): AccountInfo = zeros 79 0x80,
            ExtrinsicCount: u32?,
            InherentsApplied: bool = zeros 1,
            BlockWeight: PerDispatchClass<Weight> = zeros 6,
            AllExtrinsicsLen: u32?,
            BlockHash(Twox64Concat u32): H256 = zeros 32,
            ExtrinsicData(Twox64Concat u32): [u8] = zeros 1,
            Number: u32 = zeros 4,
            ParentHash: H256 = zeros 32,
            Digest: Digest = zeros 1,
            Events: [EventRecord] = zeros 1,
            EventCount: u32 = zeros 4,
            EventTopics(Blake2_128Concat H256): [(u32, u32)] = zeros 1,
            LastRuntimeUpgrade: LastRuntimeUpgradeInfo?,
            UpgradedToU32RefCount: bool = zeros 1,
            UpgradedToTripleRefCount: bool = zeros 1,
            ExecutionPhase: Phase?,
            AuthorizedUpgrade: CodeUpgradeAuthorization?,
        }
        constants {
            BlockWeights: BlockWeights =
                0xc2a0e766000b00204aa9d10113ffffffffffffffff2261c91900010bb86f97a72e011366666666666666a6010b0098f7
                0x3e5d0113ffffffffffffffbf0100002261c91900010bb8f7e911a3011366666666666666e6010b00204aa9d10113ffff
                0xffffffffffff01070088526a741300000000000000402261c91900000000,
            BlockLength: BlockLength = 0x00003c000000500000005000,
            BlockHashCount: u32 = 0x60090000,
            DbWeight: RuntimeDbWeight = 0x40787d010000000000e1f50500000000,
            Version: RuntimeVersion =
                0x24636573732d6e6f646524636573732d6e6f646501000000890000000100000050df6acb689907609b0500000037e397
                0xfc7c91f5e40200000040fe3ad401f8959a06000000d2bc9897eed08f1503000000f78b278be53f454c02000000ed99c5
                0xacb25eedf503000000cbca25e39f14238702000000687ad44ad37f03c201000000bc9d89904f5b923f010000008453b5
                0x0b222939770100000068b66ba122c93fa70200000037c8bb1350a9a2a8040000008a8047a53a8277ec01000000f3ff14
                0xd5ab5270590300000049eaaf1b548a0cb00500000091d5df18b0d2cf5802000000ab3c0572291feb8b01000000fbc577
                0xb9d747efd601000000582211f65bb14b8905000000e65b00e46cedd0aa020000000100000001,
            SS58Prefix: u16 = 0x422c,
        }
        """
}
