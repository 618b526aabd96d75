extension RuntimeSchema {
    /// The Oss pallet, as far as the local chain has it.
    static let oss = """
        struct pallet_oss::types::OssInfo { peer_id: [u8; 38], domain: BoundedVec<u8> }

        pallet 108 Oss Oss
        calls pallet_oss::pallet::Call<~T> {
            0 authorize { operator: AccountId32 },
            1 cancel_authorize { oss: AccountId32 },
        }
        events pallet_oss::pallet::Event<~T> {
            0 Authorize { acc: AccountId32, operator: AccountId32 },
            1 CancelAuthorize { acc: AccountId32, oss: AccountId32 },
            2 OssRegister { acc: AccountId32, endpoint: [u8; 38] },
            3 OssUpdate { acc: AccountId32, new_endpoint: [u8; 38] },
            4 OssDestroy { acc: AccountId32 },
        }
        errors pallet_oss::pallet::Error<~T> {
            0 NoAuthorization, 1 Registered, 2 UnRegister, 3 OptionParseError, 4 BoundedVecError, 5 Existed,
            6 MalformedSignature, 7 VerifySigFailed, 8 Expired, 9 ConvertError,
        }
        storage {
            AuthorityList(Blake2_128Concat AccountId32): BoundedVec<AccountId32> = zeros 1,
            Oss(Blake2_128Concat AccountId32): OssInfo?,
        }
        constants {
            P2PLength: u32 = 0xc8000000,
            AuthorLimit: u32 = 0x14000000,
            PayloadExpired: u32 = 0x64000000,
        }
        """
}
