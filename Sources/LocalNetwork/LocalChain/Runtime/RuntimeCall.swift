internal import CESS
internal import SCALE
internal import Substrate

/// A call that the local chain can execute. Everything else does not decode.
indirect enum RuntimeCall: Sendable {
    case remark([UInt8], withEvent: Bool)
    case setTimestamp(UInt64)
    case transfer(to: MultiAddress, UInt128, keepAlive: Bool)
    case transferAll(to: MultiAddress, keepAlive: Bool)
    case batch([RuntimeCall], BatchKind)
    case asDerivative(UInt16, RuntimeCall)
    /// Only the root origin may, which nobody has here: the call inside is never made.
    case withWeight(RuntimeCall, UInt64)
    case uploadDeclaration(FID, [SegmentList], UserBrief, fileSize: UInt128)
    case territoryFileDelivery(AccountID, FID, target: [UInt8])
    case transferReport(index: UInt8, FID)
    case deleteFile(owner: AccountID, FID)
    case mintTerritory(gib: UInt32, name: [UInt8], days: UInt32)
    case expandTerritory(name: [UInt8], gib: UInt32)
    case renewTerritory(name: [UInt8], days: UInt32)
    case reactivateTerritory(name: [UInt8], days: UInt32)
    case grantTerritory(name: [UInt8], receiver: AccountID)
    case renameTerritory([UInt8], to: [UInt8])
    case registerMiner(beneficiary: AccountID, endpoint: [UInt8], staking: UInt128, tib: UInt32)
    case updateEndpoint([UInt8])
    case authorize(AccountID)
    case cancelAuthorize(AccountID)

    enum BatchKind: Sendable { case batch, all, force }
}

/// Where a transfer goes.
enum MultiAddress: Sendable {
    case id(AccountID)
    /// A form that needs a pallet which the local chain does not have; it is looked up in vain.
    case other
}

extension RuntimeCall {
    /// Calls may hold calls; the real runtime allows 256 levels.
    private static let maximumDepth = 64

    init(from decoder: inout ScaleDecoder, depth: Int = 0) throws(ScaleError) {
        let start = decoder.offset
        guard depth < Self.maximumDepth else { throw .invalid("calls nest too deep", offset: start) }
        let (pallet, call) = (try decoder.byte(), try decoder.byte())
        switch pallet {
        case PalletIndex.system: self = try Self.system(call, &decoder)
        case PalletIndex.utility: self = try Self.utility(call, &decoder, depth)
        case PalletIndex.timestamp where call == 0: self = .setTimestamp(try decoder.compact(UInt64.self))
        case PalletIndex.balances: self = try Self.balances(call, &decoder)
        case PalletIndex.fileBank: self = try Self.fileBank(call, &decoder)
        case PalletIndex.sminer: self = try Self.sminer(call, &decoder)
        case PalletIndex.storageHandler: self = try Self.storageHandler(call, &decoder)
        case PalletIndex.oss: self = try Self.oss(call, &decoder)
        default: throw .unknownVariant(pallet, type: "RuntimeCall", offset: start)
        }
    }

    private static func unknown(_ call: UInt8, _ decoder: ScaleDecoder) -> ScaleError {
        .unknownVariant(call, type: "Call", offset: decoder.offset - 1)
    }

    private static func system(_ call: UInt8, _ decoder: inout ScaleDecoder) throws(ScaleError) -> RuntimeCall {
        switch call {
        case 0: .remark(try decoder.byteVector(), withEvent: false)
        case 7: .remark(try decoder.byteVector(), withEvent: true)
        default: throw unknown(call, decoder)
        }
    }

    private static func utility(
        _ call: UInt8, _ decoder: inout ScaleDecoder, _ depth: Int
    ) throws(ScaleError) -> RuntimeCall {
        func calls(_ decoder: inout ScaleDecoder) throws(ScaleError) -> [RuntimeCall] {
            try decoder.vector { (item) throws(ScaleError) in try RuntimeCall(from: &item, depth: depth + 1) }
        }
        switch call {
        case 0: return .batch(try calls(&decoder), .batch)
        case 1:
            let index: UInt16 = try decoder.integer()
            return .asDerivative(index, try RuntimeCall(from: &decoder, depth: depth + 1))
        case 2: return .batch(try calls(&decoder), .all)
        case 4: return .batch(try calls(&decoder), .force)
        case 5:
            let call = try RuntimeCall(from: &decoder, depth: depth + 1)
            let weight = try decoder.compact(UInt64.self)
            _ = try decoder.compact(UInt64.self)  // proof size
            return .withWeight(call, weight)
        default: throw unknown(call, decoder)
        }
    }

    private static func balances(_ call: UInt8, _ decoder: inout ScaleDecoder) throws(ScaleError) -> RuntimeCall {
        guard [0, 3, 4].contains(call) else { throw unknown(call, decoder) }
        let destination = try MultiAddress(from: &decoder)
        if call == 4 { return .transferAll(to: destination, keepAlive: try decoder.bool()) }
        return .transfer(to: destination, try decoder.compact(), keepAlive: call == 3)
    }

    private static func fileBank(_ call: UInt8, _ decoder: inout ScaleDecoder) throws(ScaleError) -> RuntimeCall {
        switch call {
        case 0:
            let fid = try decoder.decode(FID.self)
            let segments = try decoder.vector(of: SegmentList.self, limit: CESSLimits.maximumSegmentCount)
            let brief = try decoder.decode(UserBrief.self)
            return .uploadDeclaration(fid, segments, brief, fileSize: try decoder.integer())
        case 2:
            let user = try decoder.decode(AccountID.self)
            let fid = try decoder.decode(FID.self)
            return .territoryFileDelivery(user, fid, target: try name(&decoder))
        case 3:
            let index = try decoder.byte()
            return .transferReport(index: index, try decoder.decode())
        case 6:
            let owner = try decoder.decode(AccountID.self)
            return .deleteFile(owner: owner, try decoder.decode())
        default: throw unknown(call, decoder)
        }
    }

    private static func sminer(_ call: UInt8, _ decoder: inout ScaleDecoder) throws(ScaleError) -> RuntimeCall {
        switch call {
        case 0:
            let beneficiary = try decoder.decode(AccountID.self)
            let endpoint = try decoder.byteVector(limit: CESSLimits.maximumEndpointByteCount)
            let staking: UInt128 = try decoder.integer()
            return .registerMiner(
                beneficiary: beneficiary, endpoint: endpoint, staking: staking, tib: try decoder.integer())
        case 3: return .updateEndpoint(try decoder.byteVector(limit: CESSLimits.maximumEndpointByteCount))
        default: throw unknown(call, decoder)
        }
    }

    private static func storageHandler(
        _ call: UInt8, _ decoder: inout ScaleDecoder
    ) throws(ScaleError) -> RuntimeCall {
        switch call {
        case 0:
            let gib: UInt32 = try decoder.integer()
            let name = try name(&decoder)
            return .mintTerritory(gib: gib, name: name, days: try decoder.integer())
        case 1: return .expandTerritory(name: try name(&decoder), gib: try decoder.integer())
        case 2: return .renewTerritory(name: try name(&decoder), days: try decoder.integer())
        case 101: return .reactivateTerritory(name: try name(&decoder), days: try decoder.integer())
        case 107: return .grantTerritory(name: try name(&decoder), receiver: try decoder.decode())
        case 108: return .renameTerritory(try name(&decoder), to: try name(&decoder))
        default: throw unknown(call, decoder)
        }
    }

    private static func oss(_ call: UInt8, _ decoder: inout ScaleDecoder) throws(ScaleError) -> RuntimeCall {
        switch call {
        case 0: .authorize(try decoder.decode())
        case 1: .cancelAuthorize(try decoder.decode())
        default: throw unknown(call, decoder)
        }
    }

    private static func name(_ decoder: inout ScaleDecoder) throws(ScaleError) -> [UInt8] {
        try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
    }
}

extension MultiAddress {
    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        switch try decoder.byte() {
        case 0: self = .id(try decoder.decode())
        case 1:
            _ = try decoder.compact(UInt32.self)
            self = .other
        case 2:
            _ = try decoder.byteVector()
            self = .other
        case 3:
            try decoder.skip(32)
            self = .other
        case 4:
            try decoder.skip(20)
            self = .other
        case let index: throw .unknownVariant(index, type: "MultiAddress", offset: start)
        }
    }
}
