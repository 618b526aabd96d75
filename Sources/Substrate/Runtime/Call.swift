public import SCALE

/// A call that somebody may sign, before it is known which runtime it goes to.
///
/// Its arguments are laid out as `layout` says (`TypeRegistry.layout(of:)`). A runtime that lays them out otherwise is
/// refused, so that nothing is signed that means something else there.
public struct Call: Hashable, Sendable, CustomStringConvertible {
    public let pallet: String
    public let name: String
    public let layout: String
    private let arguments: Arguments

    private indirect enum Arguments: Hashable, Sendable {
        case encoded([UInt8])
        case calls([Call])
    }

    /// - Parameter encode: writes the arguments in the order of `layout`.
    public init(_ pallet: String, _ name: String, layout: String, encode: (inout ScaleEncoder) -> Void) {
        var encoder = ScaleEncoder()
        encode(&encoder)
        self.pallet = pallet
        self.name = name
        self.layout = layout
        arguments = .encoded(encoder.bytes)
    }

    /// A call whose only argument is a list of calls.
    public init(_ pallet: String, _ name: String, layout: String, calls: [Call]) {
        self.pallet = pallet
        self.name = name
        self.layout = layout
        arguments = .calls(calls)
    }

    /// The calls inside, in order; none for most.
    public var innerCalls: [Call] {
        if case .calls(let calls) = arguments { calls } else { [] }
    }

    /// The encoded arguments; of a list of calls its count alone, since what follows depends on the runtime.
    public var argumentBytes: [UInt8] {
        var encoder = ScaleEncoder()
        write(to: &encoder)
        return encoder.bytes
    }

    public var description: String { "\(pallet).\(name)" }
}

extension Metadata {
    /// A call's encoding for this runtime: pallet index ‖ call index ‖ arguments.
    ///
    /// - Throws: `MetadataError.absent`, or `differs` if the arguments are laid out otherwise here.
    public func encode(_ call: Call) throws(MetadataError) -> [UInt8] {
        var encoder = ScaleEncoder()
        try encode(call, to: &encoder)
        return encoder.bytes
    }

    private func encode(_ call: Call, to encoder: inout ScaleEncoder) throws(MetadataError) {
        let (pallet, found) = try self.call(call.pallet, call.name)
        let layout = types.layout(of: found.fields)
        guard layout == call.layout else {
            throw .differs(what: "call \(call)", expected: call.layout, found: layout)
        }
        encoder.integer(pallet.index)
        encoder.integer(found.index)
        call.write(to: &encoder)
        for inner in call.innerCalls { try encode(inner, to: &encoder) }
    }

    /// The pallet, name and arguments of an encoded call that fills `bytes`.
    public func decodeCall(_ bytes: [UInt8]) throws(ScaleError) -> DecodedCall {
        guard case .variant(let pallet, _, let inner) = try decode(bytes, as: callType), let call = inner.first,
            case .variant(let name, _, let arguments) = call.value
        else { throw .invalid("a call without a variant", offset: 0) }
        return DecodedCall(pallet: pallet, name: name, arguments: arguments)
    }
}

/// A call read by the metadata.
public struct DecodedCall: Hashable, Sendable {
    public let pallet: String
    public let name: String
    public let arguments: [Value.Field]

    /// The argument of this name.
    public subscript(argument: String) -> Value? { arguments.first { $0.name == argument }?.value }
}

extension Call {
    /// The arguments, or the count in front of the calls inside.
    fileprivate func write(to encoder: inout ScaleEncoder) {
        switch arguments {
        case .encoded(let bytes): encoder.raw(bytes)
        case .calls(let calls): encoder.compact(calls.count)
        }
    }
}
