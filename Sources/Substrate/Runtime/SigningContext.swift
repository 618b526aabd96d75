public import Primitives
internal import SCALE

/// What a signature binds beside the call.
public struct SigningContext: Hashable, Sendable {
    public var specVersion: UInt32
    public var transactionVersion: UInt32
    public var genesisHash: Bytes32
    public var era: Era
    /// The hash of the era's first block; the genesis hash if immortal.
    public var eraBlockHash: Bytes32
    public var nonce: UInt32
    public var tip: UInt128

    public init(
        specVersion: UInt32, transactionVersion: UInt32, genesisHash: Bytes32, era: Era = .immortal,
        eraBlockHash: Bytes32? = nil, nonce: UInt32, tip: UInt128 = 0
    ) {
        self.specVersion = specVersion
        self.transactionVersion = transactionVersion
        self.genesisHash = genesisHash
        self.era = era
        self.eraBlockHash = eraBlockHash ?? genesisHash
        self.nonce = nonce
        self.tip = tip
    }
}

extension Metadata {
    /// What the runtime's signed extensions make of a context: the bytes carried, and those only signed.
    ///
    /// - Throws: `MetadataError.unknownExtension` for one that has bytes and that this program does not know.
    ///
    /// Format: Docs/Protocol/CESS.md, 7.1.
    public func signedExtensions(
        _ context: SigningContext
    ) throws(MetadataError) -> (extra: [UInt8], additional: [UInt8]) {
        var extra = ScaleEncoder()
        var additional = ScaleEncoder()
        for item in extrinsic.signedExtensions {
            switch (item.name, types.layout(of: item.extra), types.layout(of: item.additional)) {
            case ("CheckMortality", _, "[u8; 32]"):
                extra.encode(context.era)
                additional.encode(context.eraBlockHash)
            case ("CheckNonce", "Compact<u32>", "()"): extra.compact(UInt128(context.nonce))
            case ("ChargeTransactionPayment", "Compact<u128>", "()"): extra.compact(context.tip)
            case ("CheckSpecVersion", "()", "u32"): additional.integer(context.specVersion)
            case ("CheckTxVersion", "()", "u32"): additional.integer(context.transactionVersion)
            case ("CheckGenesis", "()", "[u8; 32]"): additional.encode(context.genesisHash)
            case (_, "()", "()"): break
            default: throw .unknownExtension(item.name)
            }
        }
        return (extra.bytes, additional.bytes)
    }
}
