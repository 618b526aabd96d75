extension TypeRegistry {
    /// A type's name for people, as in `BoundedVec<SegmentList>`.
    public func name(of id: TypeID) -> String {
        var budget = 256
        return name(of: id, depth: 0, &budget)
    }

    private func name(of id: TypeID, depth: Int, _ budget: inout Int) -> String {
        budget -= 1
        guard depth < 16, budget > 0 else { return "…" }  // hostile metadata may nest and branch without end
        func inner(_ id: TypeID) -> String { name(of: id, depth: depth + 1, &budget) }
        let type = self[id]
        switch type.shape {
        case .primitive(let primitive): return "\(primitive)"
        case .sequence(let item): return "Vec<\(inner(item))>"
        case .array(let count, let item): return "[\(inner(item)); \(count)]"
        case .tuple(let items): return "(\(items.map(inner).joined(separator: ", ")))"
        case .compact(let item): return "Compact<\(inner(item))>"
        case .bits: return "BitSequence"
        case .composite, .variant: break
        }
        guard let last = type.path.last else { return "#\(id.index)" }
        if Self.generic.contains(last) {
            let parameters = type.parameters.compactMap(\.type).map(inner)
            if !parameters.isEmpty { return "\(last)<\(parameters.joined(separator: ", "))>" }
        }
        return Self.ambiguous.contains(last) && type.path.count > 1 ? "\(type.path[0])::\(last)" : last
    }

    /// Types whose parameters matter to a reader.
    private static let generic: Set = [
        "BoundedVec", "WeakBoundedVec", "Option", "Result", "BTreeMap", "BoundedBTreeMap", "BTreeSet", "MultiAddress",
        "Bounded",
    ]
    /// Names that several crates use.
    private static let ambiguous: Set = ["Event", "Call", "Error", "Hash", "RestoralTargetInfo", "CompleteInfo"]

    /// What a type looks like on the wire: names of fields and variants, but no names of types, and what only wraps another
    /// type is left away. Two types with one layout have one encoding and one meaning.
    ///
    /// `AccountId32` is `[u8; 32]`, `BoundedVec<u8>` is `Vec<u8>`, a struct is `{user: [u8; 32], file_name: Vec<u8>}`, an
    /// enum `<0 Active, 1 Frozen>`.
    public func layout(of id: TypeID) -> String {
        var budget = 4096
        return layout(of: id, depth: 0, &budget)
    }

    /// The layout of the fields of a struct, of an enum's variant or of a call.
    public func layout(of fields: [TypeField]) -> String {
        var budget = 4096
        return layout(of: fields, depth: 0, &budget)
    }

    private func layout(of id: TypeID, depth: Int, _ budget: inout Int) -> String {
        budget -= 1
        guard depth < 16, budget > 0 else { return "…" }
        func inner(_ id: TypeID) -> String { layout(of: id, depth: depth + 1, &budget) }
        let type = self[id]
        switch type.shape {
        case .primitive(let primitive): return "\(primitive)"
        case .sequence(let item): return "Vec<\(inner(item))>"
        case .array(let count, let item): return "[\(inner(item)); \(count)]"
        case .tuple(let items): return "(\(items.map(inner).joined(separator: ", ")))"
        case .compact(let item): return "Compact<\(inner(item))>"
        case .bits(let store, let order): return "Bits<\(inner(store)), \(inner(order))>"
        case .composite(let fields):
            if fields.count == 1, fields[0].name == nil { return inner(fields[0].type) }
            return layout(of: fields, depth: depth, &budget)
        case .variant(let variants):
            if type.path.last == "RuntimeCall" { return "Call" }  // it holds calls that hold calls
            if type.path == ["Option"], let some = variants.first(where: { $0.name == "Some" })?.fields.first {
                return "Option<\(inner(some.type))>"
            }
            let parts = variants.sorted { $0.index < $1.index }.map { variant in
                let fields = variant.fields.isEmpty ? "" : layout(of: variant.fields, depth: depth, &budget)
                return "\(variant.index) \(variant.name)\(fields)"
            }
            return "<\(parts.joined(separator: ", "))>"
        }
    }

    private func layout(of fields: [TypeField], depth: Int, _ budget: inout Int) -> String {
        if fields.allSatisfy({ $0.name == nil }) {
            return "(\(fields.map { layout(of: $0.type, depth: depth + 1, &budget) }.joined(separator: ", ")))"
        }
        let parts = fields.map { "\($0.name ?? "_"): \(layout(of: $0.type, depth: depth + 1, &budget))" }
        return "{\(parts.joined(separator: ", "))}"
    }
}
