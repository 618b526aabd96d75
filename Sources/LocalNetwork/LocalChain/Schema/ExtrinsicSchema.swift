extension RuntimeSchema {
    /// What an extrinsic looks like.
    static let extrinsic = """
        enum sp_runtime::MultiSignature { 0 Ed25519([u8; 64]), 1 Sr25519([u8; 64]), 2 Ecdsa([u8; 65]) }
        struct frame_system::extensions::check_non_zero_sender::CheckNonZeroSender<~T>
        struct frame_system::extensions::check_spec_version::CheckSpecVersion<~T>
        struct frame_system::extensions::check_tx_version::CheckTxVersion<~T>
        struct frame_system::extensions::check_genesis::CheckGenesis<~T>
        enum sp_runtime::generic::era::Era { 0 Immortal, 1...255 Mortal(u8) }
        struct frame_system::extensions::check_mortality::CheckMortality<~T>(Era)
        struct frame_system::extensions::check_nonce::CheckNonce<~T>(Compact<u32>)
        struct frame_system::extensions::check_weight::CheckWeight<~T>
        struct pallet_transaction_payment::ChargeTransactionPayment<~T>(Compact<u128>)

        extrinsic 4 MultiAddress RuntimeCall MultiSignature {
            CheckNonZeroSender: CheckNonZeroSender, ();
            CheckSpecVersion: CheckSpecVersion, u32;
            CheckTxVersion: CheckTxVersion, u32;
            CheckGenesis: CheckGenesis, H256;
            CheckMortality: CheckMortality, H256;
            CheckNonce: CheckNonce, ();
            CheckWeight: CheckWeight, ();
            ChargeTransactionPayment: ChargeTransactionPayment, ();
        }
        """
}
