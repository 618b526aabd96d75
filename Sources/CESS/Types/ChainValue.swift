/// What the chain has under a name that anybody may declare something under.
///
/// The chain takes any 64 bytes for a hash, and nobody owns an open deal's name: so there may be values that say nothing to
/// this module. They are there all the same, and whoever declares with this module has not declared them.
///
/// Rules: Docs/Protocol/CESS.md, 1.3 and 12, 7 and 8.
public enum ChainValue<Value: Hashable & Sendable>: Hashable, Sendable {
    case readable(Value)
    /// It is of the runtime's type, and holds a hash that is not 64 lower-case hexadecimal digits.
    case unreadable

    /// Nil if it is unreadable.
    public var value: Value? {
        switch self {
        case .readable(let value): value
        case .unreadable: nil
        }
    }
}
