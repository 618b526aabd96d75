internal import Primitives

/// Sizes and bounds of the CESS protocol that are the same on every known network (Docs/Protocol/CESS.md, 1.1 and 4.5).
public enum CESSLimits {
    public static let segmentByteCount = 33_554_432
    public static let fragmentByteCount = 8_388_608
    /// Fragments of a segment: 4 of data, 8 of parity.
    public static let fragmentCount = 12
    public static let dataFragmentCount = 4
    /// What a territory is charged for one segment.
    public static let chargedByteCountPerSegment: UInt128 = 100_663_296
    public static let maximumSegmentCount = 1000

    /// A file's name, in bytes.
    public static let fileNameByteCount = 3...63
    public static let maximumTerritoryNameByteCount = 63
    public static let maximumOwnerCount = 50_000
    public static let maximumFilesOfUser = 500_000
    public static let maximumNodeCount = 200_000
    public static let maximumEndpointByteCount = 100
    public static let maximumOperatorCount = 20
    public static let maximumDomainByteCount = 50
    /// Calls in one `Utility.batch`.
    public static let maximumBatchedCallCount = 3640

    public static let gibibyte: UInt128 = 1 << 30
    /// The shortest lease that `mint_territory` accepts.
    public static let minimumLeaseDays: UInt32 = 30

    /// The space that a file of so many segments is charged.
    public static func chargedByteCount(segmentCount: Int) -> UInt128 {
        UInt128(segmentCount) * chargedByteCountPerSegment
    }
}

extension FragmentHash {
    /// The fragment of 8 MiB of zeros, which nodes make themselves and which readers need not fetch.
    public static let zero = FragmentHash(constant("2daeb1f36095b44b318410b3f4e8b5d989dcc7bb023d1426c492dab0a3053e74"))
}

extension SegmentHash {
    /// The segment of 32 MiB of zeros.
    public static let zero = SegmentHash(constant("83ee47245398adee79bd9c0a8bc57b821e92aba10f5f9ade8a5d1fae4d8c4302"))
}

private func constant(_ hex: String) -> Bytes32 {
    guard let bytes = Bytes32(hex: hex) else { preconditionFailure("the constant has 64 digits") }
    return bytes
}
