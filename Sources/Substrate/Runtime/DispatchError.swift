public import SCALE

/// Why a call failed, with the names of the runtime that it failed in.
public enum DispatchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An error of a pallet, as in `FileBank.Existed`.
    case module(pallet: String, error: String)
    /// An error whose pallet or index the metadata does not have.
    case unknownModule(pallet: UInt8, error: UInt8)
    /// An error of a kind with names of its own, as in `Token.FundsUnavailable`.
    case kind(String, error: String)
    /// One of the plain errors, as in `BadOrigin`.
    case plain(String)

    public var description: String {
        switch self {
        case .module(let pallet, let error): "\(pallet).\(error)"
        case .unknownModule(let pallet, let error): "error \(error) of pallet \(pallet)"
        case .kind(let kind, let error): "\(kind).\(error)"
        case .plain(let name): name
        }
    }
}

extension Metadata {
    /// Reads an encoded `DispatchError` that fills `bytes`.
    public func dispatchError(_ bytes: [UInt8]) throws(ScaleError) -> DispatchError {
        dispatchError(try decode(bytes, as: dispatchErrorType))
    }

    /// The error in a decoded value.
    public func dispatchError(_ value: Value) -> DispatchError {
        guard case .variant(let name, _, let fields) = value.unwrapped else { return .plain("malformed") }
        guard name == "Module", let module = fields.first?.value, let pallet = module["index"]?.unsigned,
            let index = module["error"]?.bytes?.first
        else {
            guard let error = fields.first?.value.variantName else { return .plain(name) }
            return .kind(name, error: error)
        }
        guard let found = error(pallet: UInt8(truncatingIfNeeded: pallet), index: index) else {
            return .unknownModule(pallet: UInt8(truncatingIfNeeded: pallet), error: index)
        }
        return .module(pallet: found.pallet.name, error: found.error.name)
    }
}
