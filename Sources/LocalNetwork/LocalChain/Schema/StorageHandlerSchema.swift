extension RuntimeSchema {
    /// The StorageHandler pallet, as far as the local chain has it.
    static let storageHandler = """
        enum pallet_storage_handler::types::TerritoryState { 0 Active, 1 Frozen, 2 Expired, 3 OnConsignment }
        struct pallet_storage_handler::types::TerritoryInfo<~T> {
            token: H256, total_space: u128, used_space: u128, locked_space: u128, remaining_space: u128, start: u32,
            deadline: u32, state: TerritoryState
        }
        struct pallet_storage_handler::types::ConsignmentInfo<~T> {
            user: AccountId32, price: u128, buyers: Option<AccountId32>, exec: Option<u32>, locked: bool
        }
        enum pallet_storage_handler::types::OrderType { 0 Buy, 1 Expansion, 2 Renewal }
        struct pallet_storage_handler::types::OrderInfo<~T> {
            territory_name: BoundedVec<u8>, pay: u128, gib_count: u32, days: u32, expired: u32, target_acc: AccountId32,
            order_type: OrderType
        }

        pallet 107 StorageHandler StorageHandler
        calls pallet_storage_handler::pallet::Call<~T> {
            0 mint_territory { gib_count: u32, territory_name: BoundedVec<u8>, days: u32 },
            1 expanding_territory { territory_name: BoundedVec<u8>, gib_count: u32 },
            2 renewal_territory { territory_name: BoundedVec<u8>, days: u32 },
            101 reactivate_territory { territory_name: BoundedVec<u8>, days: u32 },
            107 territory_grants { territory_name: BoundedVec<u8>, receiver: AccountId32 },
            108 territory_rename { old_name: BoundedVec<u8>, new_name: BoundedVec<u8> },
        }
        events pallet_storage_handler::pallet::Event<~T> {
            0 BuySpace { acc: AccountId32, storage_capacity: u128, spend: u128 },
            1 ExpansionSpace { acc: AccountId32, expansion_space: u128, fee: u128 },
            2 RenewalSpace { acc: AccountId32, renewal_days: u32, fee: u128 },
            3 LeaseExpired { acc: AccountId32, size: u128 },
            4 LeaseExpireIn24Hours { acc: AccountId32, size: u128 },
            5 CreatePayOrder { order_hash: BoundedVec<u8> },
            6 PaidOrder { order_hash: BoundedVec<u8> },
            7 MintTerritory { token: H256, name: BoundedVec<u8>, storage_capacity: u128, spend: u128 },
            8 ExpansionTerritory { name: BoundedVec<u8>, expansion_space: u128, spend: u128 },
            9 RenewalTerritory { name: BoundedVec<u8>, days: u32, spend: u128 },
            10 ReactivateTerritory { name: BoundedVec<u8>, days: u32, spend: u128 },
            11 Consignment { name: BoundedVec<u8>, token: H256, price: u128 },
            12 BuyConsignment { name: BoundedVec<u8>, token: H256, price: u128 },
            13 CancleConsignment { token: H256 },
            14 CancelPurchaseAction { token: H256 },
            15 ExecConsignment { buyer: AccountId32, seller: AccountId32, token: H256 },
        }
        errors pallet_storage_handler::pallet::Error<~T> {
            0 BugInvalid, 1 BoundedVecError, 2 InsufficientAvailableSpace, 3 InsufficientBalance, 4 InsufficientStorage,
            5 Overflow, 6 WrongOperation, 7 PurchasedSpace, 8 NotPurchasedSpace, 9 LeaseFreeze, 10 LeaseExpired,
            11 OrderExpired, 12 RandomErr, 13 NoOrder, 14 ParamError, 15 DuplicateTokens, 16 NotHaveTerritory,
            17 NotActive, 18 NotExpire, 19 NotOnConsignment, 20 InsufficientLease, 21 ConsignmentExisted,
            22 OnConsignment, 23 StateError, 24 ObjectNotZero, 25 NonExistentConsignment, 26 ConsignmentLocked,
            27 ConsignmentUnLocked, 28 Unexpected, 29 NotBuyer, 30 InvalidOrder, 31 OwnConsignment, 32 BoundariesNotMet,
            33 DuplicateName,
        }
        storage {
            TerritoryKey(Blake2_128Concat H256): (AccountId32, BoundedVec<u8>)?,
            Territory(Blake2_128Concat AccountId32, Blake2_128Concat BoundedVec<u8>): TerritoryInfo?,
            Consignment(Blake2_128Concat H256): ConsignmentInfo?,
            TerritoryFrozen(Blake2_128Concat u32, Blake2_128Concat H256): bool?,
            TerritoryFrozenCounter(Blake2_128Concat u32): u32 = zeros 4,
            TerritoryExpired(Blake2_128Concat u32, Blake2_128Concat H256): bool?,
            UnitPrice: u128?,
            TotalIdleSpace: u128 = zeros 16,
            TotalServiceSpace: u128 = zeros 16,
            PurchasedSpace: u128 = zeros 16,
            PayOrder(Blake2_128Concat BoundedVec<u8>): OrderInfo?,
        }
        constants {
            OneDay: u32 = 0x40380000,
            OneHours: u32 = 0x58020000,
            RewardPalletId: PalletId = 0x7265776172647074,
            StateStringMax: u32 = 0x14000000,
            NameLimit: u32 = 0x3f000000,
            FrozenLimit: u32 = 0xd0070000,
            ConsignmentRemainingBlock: u32 = 0x40380000,
            LockingBlock: u32 = 0x32000000,
            FrozenDays: u32 = 0xc0890100,
        }
        """
}
