internal import SCALE

/// Why an extrinsic is not taken, with the codes and texts of Substrate's `author_submitExtrinsic`.
enum PoolRejection: Error, Hashable {
    /// The bytes are no extrinsic of this runtime, or its call is not one of those that the local chain has.
    case undecodable(String)
    /// Only the block's author may put it into a block.
    case unexpectedCall
    /// The same, of a call that somebody has signed.
    case mandatoryCall
    case badSignature
    case badSigner
    case stale
    case ancientBirthBlock
    case cannotPay
    case exhaustsBlock
    /// The signer is named by something else than its account id.
    case unknownSigner
    case temporarilyBanned
    case alreadyImported
    case priorityTooLow(old: UInt64, new: UInt64)
    case poolFull

    /// Errors that are thrown where only SCALE's are expected.
    enum Marker {
        static let unsigned = ScaleError.invalid("unsigned", offset: -1)
        static let unknownSigner = ScaleError.invalid("unknown signer", offset: -1)
    }

    init(_ error: ScaleError) {
        self =
            switch error {
            case Marker.unsigned: .unexpectedCall
            case Marker.unknownSigner: .unknownSigner
            default: .undecodable(error.description)
            }
    }

    var code: Int {
        switch self {
        case .unknownSigner: 1011
        case .temporarilyBanned: 1012
        case .alreadyImported: 1013
        case .priorityTooLow: 1014
        case .poolFull: 1016
        default: 1010
        }
    }

    var message: String {
        switch self {
        case .unknownSigner: "Unknown Transaction Validity"
        case .temporarilyBanned: "Transaction is temporarily banned"
        case .alreadyImported: "Transaction Already Imported"
        case .priorityTooLow(let old, let new): "Priority is too low: (\(old) vs \(new))"
        case .poolFull: "Immediately Dropped"
        default: "Invalid Transaction"
        }
    }

    var data: String {
        switch self {
        case .undecodable(let detail): "Transaction does not decode: \(detail)"
        case .unexpectedCall: "Transaction call is not expected"
        case .mandatoryCall: "Transaction dispatch is mandatory; transactions must not be validated."
        case .badSignature: "Transaction has a bad signature"
        case .badSigner: "Invalid signing address"
        case .stale: "Transaction is outdated"
        case .ancientBirthBlock: "Transaction has an ancient birth block"
        case .cannotPay: "Inability to pay some fees (e.g. account balance too low)"
        case .exhaustsBlock: "Transaction would exhaust the block limits"
        case .unknownSigner: "Could not lookup information required to validate the transaction"
        case .temporarilyBanned: "Transaction is temporarily banned"
        case .alreadyImported: "Transaction is already in the pool"
        case .priorityTooLow:
            "The transaction has too low priority to replace another transaction already in the pool."
        case .poolFull: "The transaction couldn't enter the pool because of the limit"
        }
    }
}
