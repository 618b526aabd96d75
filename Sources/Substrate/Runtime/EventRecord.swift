public import Primitives
public import SCALE

/// An event of a block (`System.Events`).
public struct EventRecord: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        case applyExtrinsic(UInt32)
        case finalization
        case initialization
    }

    public let phase: Phase
    public let pallet: String
    public let name: String
    public let fields: [Value.Field]
    public let topics: [Bytes32]

    /// The field of this name.
    public subscript(field: String) -> Value? { fields.first { $0.name == field }?.value }

    public func `is`(_ pallet: String, _ name: String) -> Bool { self.pallet == pallet && self.name == name }
}

extension Metadata {
    /// Reads the value of `System.Events`. One event that this metadata does not know makes the whole unreadable: use the
    /// metadata of the block's own runtime.
    public func decodeEvents(_ bytes: [UInt8]) throws(ScaleError) -> [EventRecord] {
        var decoder = ScaleDecoder(bytes)
        let events = try decoder.vector { (item) throws(ScaleError) in try event(from: &item) }
        try decoder.finish()
        return events
    }

    private func event(from decoder: inout ScaleDecoder) throws(ScaleError) -> EventRecord {
        let start = decoder.offset
        let phase: EventRecord.Phase
        switch try decoder.byte() {
        case 0: phase = .applyExtrinsic(try decoder.integer())
        case 1: phase = .finalization
        case 2: phase = .initialization
        case let other: throw .unknownVariant(other, type: "Phase", offset: start)
        }
        guard case .variant(let pallet, _, let inner) = try decode(eventType, from: &decoder), let event = inner.first,
            case .variant(let name, _, let fields) = event.value
        else { throw .invalid("an event without a variant", offset: start) }
        return EventRecord(phase: phase, pallet: pallet, name: name, fields: fields, topics: try decoder.vector())
    }
}
