/// What calls cost (Docs/Protocol/CESS.md, 9). The weights are the local chain's own: reads and writes at the real
/// runtime's prices, not measured.
enum Fees {
    /// Of every signed extrinsic, in the runtime's `ref_time`.
    static let baseWeight: UInt64 = 108_157_000
    static let perByte: UInt128 = 10_000_000_000_000
    static let perWeight: UInt128 = 5_000_000
    /// A block's share for ordinary extrinsics (`System.BlockWeights`, `System.BlockLength`).
    static let maximumBlockWeight: UInt64 = 1_500_000_000_000
    static let maximumBlockLength = 3_932_160

    /// The fee without a tip, at the multiplier 1 that the local chain keeps.
    static func fee(length: Int, weight: UInt64) -> UInt128 {
        UInt128(baseWeight) * perWeight + UInt128(length) * perByte + UInt128(weight) * perWeight
    }

    /// Who goes first when two extrinsics want one nonce: as in the real runtime the tip counts, times how many such
    /// extrinsics fit a block.
    static func priority(tip: UInt128, length: Int, weight: UInt64) -> UInt64 {
        let byWeight = maximumBlockWeight / max(weight + baseWeight, 1)
        let byLength = UInt64(maximumBlockLength / max(length, 1))
        let (scaled, overflow) = (tip &+ 1).multipliedReportingOverflow(by: UInt128(min(byWeight, byLength)))
        return overflow ? .max : UInt64(clamping: scaled)
    }
}

extension RuntimeCall {
    var weight: UInt64 {
        switch self {
        case .remark(let bytes, let withEvent): (withEvent ? 5_000_000 : 1_000_000) + 400 * UInt64(bytes.count)
        case .setTimestamp: Self.weight(reads: 1, writes: 1)
        case .transfer: Self.weight(reads: 1, writes: 1)
        case .transferAll: Self.weight(reads: 1, writes: 1)
        case .batch(let calls, _): calls.reduce(5_000_000) { $0 &+ 4_000_000 &+ $1.weight }
        case .asDerivative(_, let call): 5_000_000 &+ call.weight
        case .withWeight(_, let weight): min(weight, Fees.maximumBlockWeight)  // sums stay far from 64 bits
        case .uploadDeclaration: Self.weight(reads: 3, writes: 2)
        case .territoryFileDelivery: Self.weight(reads: 4, writes: 3)
        case .transferReport: Self.weight(reads: 4, writes: 4)
        case .deleteFile: Self.weight(reads: 16, writes: 15)
        case .mintTerritory: Self.weight(reads: 6, writes: 6)
        case .expandTerritory: Self.weight(reads: 4, writes: 3)
        case .renewTerritory: Self.weight(reads: 4, writes: 4)
        case .reactivateTerritory: Self.weight(reads: 4, writes: 4)
        case .grantTerritory, .renameTerritory: Self.weight(reads: 2, writes: 3)
        case .registerMiner: Self.weight(reads: 4, writes: 6)
        case .updateEndpoint, .authorize, .cancelAuthorize: Self.weight(reads: 1, writes: 1)
        }
    }

    private static func weight(reads: UInt64, writes: UInt64) -> UInt64 {
        reads * 25_000_000 + writes * 100_000_000
    }
}
