extension RuntimeSchema {
    /// The FileBank pallet, as far as the local chain has it.
    static let fileBank = """
        struct cp_cess_common::Hash([u8; 64])
        struct pallet_file_bank::types::SegmentList<~T> { hash: Hash, fragment_list: BoundedVec<Hash> }
        struct pallet_file_bank::types::UserBrief<~T> {
            user: AccountId32, file_name: BoundedVec<u8>, territory_name: BoundedVec<u8>
        }
        struct pallet_file_bank::types::CompleteInfo<~T> { index: u8, miner: AccountId32 }
        struct pallet_file_bank::types::DealInfo<~T> {
            file_size: u128, segment_list: BoundedVec<SegmentList>, user: UserBrief,
            complete_list: BoundedVec<CompleteInfo>
        }
        struct pallet_file_bank::types::FragmentInfo<~T> {
            hash: Hash, avail: bool, tag: Option<u32>, miner: AccountId32
        }
        struct pallet_file_bank::types::SegmentInfo<~T> { hash: Hash, fragment_list: BoundedVec<FragmentInfo> }
        enum pallet_file_bank::types::FileState { 0 Active, 1 Calculate, 2 Missing, 3 Recovery }
        struct pallet_file_bank::types::FileInfo<~T> {
            segment_list: BoundedVec<SegmentInfo>, owner: BoundedVec<UserBrief>, file_size: u128, completion: u32,
            stat: FileState
        }
        struct pallet_file_bank::types::UserFileSliceInfo {
            territory_name: BoundedVec<u8>, file_hash: Hash, file_size: u128
        }
        struct pallet_file_bank::types::RestoralOrderInfo<~T> {
            count: u32, miner: AccountId32, origin_miner: AccountId32, fragment_hash: Hash, file_hash: Hash,
            gen_block: u32, deadline: u32
        }
        struct frame_support::PalletId([u8; 8])

        pallet 104 FileBank FileBank
        calls pallet_file_bank::pallet::Call<~T> {
            0 upload_declaration {
                file_hash: Hash, deal_info: BoundedVec<SegmentList>, user_brief: UserBrief, file_size: u128
            },
            2 territory_file_delivery { user: AccountId32, file_hash: Hash, target_territory: BoundedVec<u8> },
            3 transfer_report { index: u8, deal_hash: Hash },
            6 delete_file { owner: AccountId32, file_hash: Hash },
        }
        events pallet_file_bank::pallet::Event<~T> {
            0 UploadDeclaration { operator: AccountId32, owner: AccountId32, deal_hash: Hash },
            1 TransferReport { acc: AccountId32, deal_hash: Hash },
            2 DeleteFile { operator: AccountId32, owner: AccountId32, file_hash: Hash },
            3 ReplaceFiller { acc: AccountId32, filler_list: [Hash] },
            4 IdleSpaceCert { acc: AccountId32, space: u128 },
            5 ReplaceIdleSpace { acc: AccountId32, space: u128 },
            6 GenerateRestoralOrder { miner: AccountId32, fragment_hash: Hash },
            7 ClaimRestoralOrder { miner: AccountId32, order_id: Hash },
            8 RecoveryCompleted { miner: AccountId32, order_id: Hash },
            9 StorageCompleted { file_hash: Hash },
            10 CalculateReport { miner: AccountId32, file_hash: Hash },
            11 TerritoryFileDelivery { file_hash: Hash, new_territory: BoundedVec<u8> },
        }
        errors pallet_file_bank::pallet::Error<~T> {
            0 Existed, 1 FileExistent, 2 FileNonExistent, 3 Overflow, 4 NotOwner, 5 ScheduleNonExistent,
            6 BoundedVecError, 7 StorageLimitReached, 8 MinerPowerInsufficient, 9 NotEmpty, 10 Locked,
            11 LengthExceedsLimit, 12 BugInvalid, 13 ConvertHashError, 14 NoPermission, 15 NonExistent, 16 Unexpected,
            17 LessMinLength, 18 Unprepared, 19 IsOwned, 20 SpecError, 21 PanicOverflow, 22 InsufficientAvailableSpace,
            23 Calculate, 24 MinerStateError, 25 Expired, 26 VerifyTeeSigFailed, 27 TeeNoPermission, 28 DigestError,
            29 MalformedSignature, 30 MinerError, 31 RulesNotAllowed, 32 NotActive,
        }
        storage {
            DealMap(Blake2_128Concat Hash): DealInfo?,
            File(Blake2_128Concat Hash): FileInfo?,
            UserHoldFileList(Blake2_128Concat AccountId32): BoundedVec<UserFileSliceInfo> = zeros 1,
            RestoralOrder(Blake2_128Concat Hash): RestoralOrderInfo?,
            ClearUserList: BoundedVec<(AccountId32, BoundedVec<u8>)> = zeros 1,
            TaskFailedCount(Blake2_128Concat AccountId32): u8 = zeros 1,
        }
        constants {
            FilbakPalletId: PalletId = 0x7265776172647074,
            UserFileLimit: u32 = 0x20a10700,
            OneDay: u32 = 0x40380000,
            NameStrLimit: u32 = 0x3f000000,
            NameMinLength: u32 = 0x03000000,
            SegmentCount: u32 = 0xe8030000,
            FragmentCount: u32 = 0x0c000000,
            OwnerLimit: u32 = 0x50c30000,
            RestoralOrderLife: u32 = 0xfa000000,
            MissionCount: u32 = 0xe02e0000,
        }
        """
}
