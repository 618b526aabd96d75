internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// A signed extrinsic, taken apart.
struct Transaction: Sendable {
    let bytes: [UInt8]
    let hash: Bytes32
    let signer: AccountID
    let signature: MultiSignature
    let era: Era
    let nonce: UInt32
    let tip: UInt128
    let call: RuntimeCall
    /// The encoded call with what the extensions carry: the signed payload's beginning.
    let payload: [UInt8]

    /// What it costs, tip included; nil if that is more than any account can have.
    private let checkedFee: UInt128?
    var fee: UInt128 { checkedFee ?? .max }

    var priority: UInt64 { Fees.priority(tip: tip, length: bytes.count, weight: call.weight) }

    init(_ bytes: [UInt8]) throws(PoolRejection) {
        self.bytes = bytes
        hash = Extrinsic.hash(bytes)
        do throws(ScaleError) {
            var decoder = ScaleDecoder(bytes)
            let byteCount = try decoder.count()
            guard byteCount == decoder.remaining else { throw .trailing(count: decoder.remaining - byteCount) }
            let version = try decoder.byte()
            guard version & 0x7F == 4 else {
                throw .unknownVariant(version, type: "extrinsic version", offset: decoder.offset - 1)
            }
            guard version & 0x80 != 0 else { throw PoolRejection.Marker.unsigned }
            let address = try MultiAddress(from: &decoder)
            signature = try decoder.decode()
            let extra = decoder.offset
            era = try decoder.decode()
            nonce = try decoder.compact(UInt32.self)
            tip = try decoder.compact()
            let start = decoder.offset
            call = try RuntimeCall(from: &decoder)
            try decoder.finish()
            payload = Array(bytes[start...] + bytes[extra..<start])
            guard case .id(let signer) = address else { throw PoolRejection.Marker.unknownSigner }
            self.signer = signer
        } catch {
            throw PoolRejection(error)
        }
        let (fee, overflow) = Fees.fee(length: bytes.count, weight: call.weight).addingReportingOverflow(tip)
        checkedFee = overflow ? nil : fee
    }

    /// Whether the account can pay and be left with the existential deposit.
    func isPayable(by account: AccountInfo) -> Bool {
        guard let checkedFee else { return false }
        let (needed, overflow) = checkedFee.addingReportingOverflow(RuntimeParameters.existentialDeposit)
        return !overflow && account.free >= needed
    }
}
