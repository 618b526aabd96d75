internal import SCALE

/// Why a call fails, as the runtime encodes it (`sp_runtime::DispatchError`).
enum DispatchFailure: Error, Hashable, ScaleEncodable {
    case cannotLookup
    case badOrigin
    case module(UInt8, UInt8)
    case token(TokenFailure)
    case arithmeticUnderflow
    case arithmeticOverflow

    enum TokenFailure: UInt8, Sendable {
        case fundsUnavailable, onlyProvider, belowMinimum, cannotCreate, unknownAsset, frozen, unsupported
        case cannotCreateHold, notExpendable, blocked
    }

    static func balances(_ error: BalancesFailure) -> DispatchFailure { .module(PalletIndex.balances, error.rawValue) }
    static func fileBank(_ error: FileBankFailure) -> DispatchFailure { .module(PalletIndex.fileBank, error.rawValue) }
    static func sminer(_ error: SminerFailure) -> DispatchFailure { .module(PalletIndex.sminer, error.rawValue) }
    static func oss(_ error: OssFailure) -> DispatchFailure { .module(PalletIndex.oss, error.rawValue) }
    static func storageHandler(_ error: StorageHandlerFailure) -> DispatchFailure {
        .module(PalletIndex.storageHandler, error.rawValue)
    }
    static let tooManyCalls = DispatchFailure.module(PalletIndex.utility, 0)

    func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .cannotLookup: encoder.integer(UInt8(1))
        case .badOrigin: encoder.integer(UInt8(2))
        case .module(let pallet, let error): encoder.raw([3, pallet, error, 0, 0, 0])
        case .token(let error): encoder.raw([7, error.rawValue])
        case .arithmeticUnderflow: encoder.raw([8, 0])
        case .arithmeticOverflow: encoder.raw([8, 1])
        }
    }
}

enum PalletIndex {
    static let system: UInt8 = 0
    static let utility: UInt8 = 1
    static let timestamp: UInt8 = 3
    static let balances: UInt8 = 6
    static let transactionPayment: UInt8 = 7
    static let fileBank: UInt8 = 104
    static let sminer: UInt8 = 105
    static let storageHandler: UInt8 = 107
    static let oss: UInt8 = 108
}

// The errors that the local chain raises, by their indexes in the metadata.

enum BalancesFailure: UInt8 { case insufficientBalance = 2 }

enum FileBankFailure: UInt8 {
    case existed = 0
    case notOwner = 4
    case boundedVecError = 6
    case storageLimitReached = 7
    case noPermission = 14
    case nonExistent = 15
    case specError = 20
    case insufficientAvailableSpace = 22
    case minerStateError = 24
    case notActive = 32
}

enum SminerFailure: UInt8 {
    case notMiner = 0
    case alreadyRegistered = 1
    case overflow = 2
    case storageLimitReached = 8
    case countError = 13
    case collateralNotUp = 16
}

enum OssFailure: UInt8 {
    case noAuthorization = 0
    case boundedVecError = 4
}

enum StorageHandlerFailure: UInt8 {
    case insufficientAvailableSpace = 2
    case insufficientBalance = 3
    case insufficientStorage = 4
    case overflow = 5
    case purchasedSpace = 7
    case duplicateTokens = 15
    case notHaveTerritory = 16
    case notActive = 17
    case notExpire = 18
    case stateError = 23
    case objectNotZero = 24
    case boundariesNotMet = 32
    case duplicateName = 33
}
