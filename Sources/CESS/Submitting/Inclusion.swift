internal import SCALE
public import Substrate

/// An extrinsic in a block, and what it did there.
public struct Inclusion: Hashable, Sendable {
    public let block: BlockRef
    /// The extrinsic's place in the block.
    public let index: Int
    /// The events of this extrinsic alone.
    public let events: [EventRecord]
    /// Nil if the call and all calls inside it succeeded.
    public let failure: CallFailure?

    /// What was paid for the extrinsic itself, tip included.
    public var fee: UInt128? { event("TransactionPayment", "TransactionFeePaid")?["actual_fee"]?.unsigned }

    /// The first event of this name.
    public func event(_ pallet: String, _ name: String) -> EventRecord? { events.first { $0.is(pallet, name) } }

    /// - Parameter allEvents: those of the whole block.
    /// - Throws: `ChainError.malformed` if the events do not say whether the extrinsic succeeded.
    init(block: BlockRef, index: Int, allEvents: [EventRecord], metadata: Metadata) throws(ChainError) {
        self.block = block
        self.index = index
        events = allEvents.filter { $0.phase == .applyExtrinsic(UInt32(index)) }
        if let failed = events.first(where: { $0.is("System", "ExtrinsicFailed") }) {
            failure = .dispatch(metadata.dispatchError(in: failed["dispatch_error"]))
        } else if events.contains(where: { $0.is("System", "ExtrinsicSuccess") }) {
            failure = Self.innerFailure(in: events, metadata: metadata)
        } else {
            throw .malformed("System.Events", .invalid("extrinsic \(index) neither succeeded nor failed", offset: 0))
        }
    }

    /// Success of the extrinsic is not success of the calls inside (Docs/Protocol/CESS.md, 7.5).
    private static func innerFailure(in events: [EventRecord], metadata: Metadata) -> CallFailure? {
        if let event = events.first(where: { $0.is("Utility", "BatchInterrupted") }) {
            return .interrupted(
                at: Int(clamping: event["index"]?.unsigned ?? 0), metadata.dispatchError(in: event["error"]))
        }
        let items = events.filter { $0.is("Utility", "ItemFailed") || $0.is("Utility", "ItemCompleted") }
        var failed: [Int: DispatchError] = [:]
        for (index, item) in items.enumerated() where item.name == "ItemFailed" {
            failed[index] = metadata.dispatchError(in: item["error"])
        }
        if !failed.isEmpty { return .items(failed) }
        for event in events {
            guard
                event.is("Proxy", "ProxyExecuted") || event.is("Multisig", "MultisigExecuted")
                    || event.is("Utility", "DispatchedAs"),
                let result = event["result"], result.variantName == "Err"
            else { continue }
            return .inner(metadata.dispatchError(in: result.fields.first?.value))
        }
        return nil
    }
}

extension Metadata {
    fileprivate func dispatchError(in value: Value?) -> DispatchError {
        value.map(dispatchError) ?? .plain("Unknown")
    }
}
