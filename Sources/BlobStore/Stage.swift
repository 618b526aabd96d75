/// How far a volume, or a whole change, has come.
///
/// Docs/Glossary.md, "stage".
public enum Stage: Int, Comparable, Sendable, CaseIterable, CustomStringConvertible {
    /// Sealed on this disk.
    case staged
    /// A deal in a block.
    case declared
    /// Nodes hold every row but a withheld one.
    case placed
    /// A file in a best block.
    case included
    /// A file at a finalized block.
    case complete

    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }

    public init?(name: String) {
        guard let stage = Stage.allCases.first(where: { $0.description == name }) else { return nil }
        self = stage
    }

    public var description: String {
        switch self {
        case .staged: "staged"
        case .declared: "declared"
        case .placed: "placed"
        case .included: "included"
        case .complete: "complete"
        }
    }
}

/// What happens while a change travels; for progress and for tests.
public enum StoreEvent: Sendable {
    /// So many bytes of sources have been read, and so many of sealed blobs written to the spool.
    case staging(read: Int, sealed: Int)
    case reached(Stage)
    /// So many bytes of fragments are still to be sent.
    case sending(total: Int)
    /// So many bytes have been taken by a node, or received from nodes; a fragment counts whole.
    case sent(Int)
    /// Of the rows wanted, so many have been reported on chain.
    case reported(rows: Int, of: Int)
}

public typealias StoreObserver = @Sendable (StoreEvent) -> Void
