public import Substrate

/// Why a submitted extrinsic did not do what it should.
public enum SubmissionError: Error, Equatable, CustomStringConvertible {
    /// The server did not take it into its pool.
    case refused(PoolRefusal, message: String)
    /// It is in a block, its fee is paid, and its call failed.
    case failed(CallFailure, in: BlockRef)
    /// Its era is over, and no finalized block holds it: it never was and never will be executed.
    case dead
    /// Another extrinsic with its nonce is in a finalized block: it never was and never will be executed.
    case superseded

    public var description: String {
        switch self {
        case .refused(_, let message): "the chain does not take the extrinsic: \(message)"
        case .failed(let failure, let block): "the call failed in block \(block.number): \(failure)"
        case .dead: "the extrinsic was not included before its era ended"
        case .superseded: "another extrinsic with the same nonce was included"
        }
    }
}

/// Why a server does not take an extrinsic (Docs/Protocol/CESS.md, 4.1).
public enum PoolRefusal: Hashable, Sendable {
    /// The account cannot pay the fee.
    case payment
    /// The nonce was used already.
    case stale
    /// The nonce is far ahead.
    case future
    case badSignature
    /// The era is over, or its first block is unknown.
    case ancientBirth
    /// The server knows it as useless for a while.
    case banned
    /// Another one with this nonce waits, and pays as much.
    case priority
    case poolFull
    /// It does not decode, is too large for a block, or something else.
    case other(code: Int)

    /// The server has it already.
    static let alreadyImported = 1013

    init(code: Int, text: String) {
        func says(_ phrase: String) -> Bool { text.lowercased().contains(phrase) }
        self =
            switch code {
            case 1010 where says("pay some fees") || says("payment"): .payment
            case 1010 where says("outdated") || says("stale"): .stale
            case 1010 where says("in the future"): .future
            case 1010 where says("bad signature") || says("badproof"): .badSignature
            case 1010 where says("ancient birth"): .ancientBirth
            case 1012: .banned
            case 1014: .priority
            case 1016: .poolFull
            default: .other(code: code)
            }
    }
}

/// What went wrong inside an extrinsic that is in a block.
public enum CallFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The whole extrinsic failed.
    case dispatch(DispatchError)
    /// A `batch` stopped at this call, counted from 0; those before it took effect.
    case interrupted(at: Int, DispatchError)
    /// These calls of a `force_batch` failed, counted from 0.
    case items([Int: DispatchError])
    /// The call inside a proxy or multisig call failed.
    case inner(DispatchError)

    public var description: String {
        switch self {
        case .dispatch(let error), .inner(let error): "\(error)"
        case .interrupted(let index, let error): "\(error) in call \(index) of the batch"
        case .items(let errors):
            errors.sorted { $0.key < $1.key }.map { "\($0.value) in call \($0.key)" }.joined(separator: ", ")
        }
    }
}
