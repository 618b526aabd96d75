/// A type as the schema writes it.
indirect enum TypeExpression: Hashable, CustomStringConvertible {
    /// A primitive, a declared type, or a parameter of the declaration around it.
    case named(String, [TypeExpression])
    case sequence(TypeExpression)
    case array(TypeExpression, count: Int)
    case tuple([TypeExpression])

    /// The expression with a declaration's parameters replaced.
    func replacing(_ parameters: [String: TypeExpression]) -> TypeExpression {
        switch self {
        case .named(let name, let arguments):
            parameters[name] ?? .named(name, arguments.map { $0.replacing(parameters) })
        case .sequence(let item): .sequence(item.replacing(parameters))
        case .array(let item, let count): .array(item.replacing(parameters), count: count)
        case .tuple(let items): .tuple(items.map { $0.replacing(parameters) })
        }
    }

    /// As Rust writes it.
    var description: String {
        switch self {
        case .named(let name, []): name
        case .named(let name, let arguments): "\(name)<\(arguments.map(\.description).joined(separator: ", "))>"
        case .sequence(let item): "Vec<\(item)>"
        case .array(let item, let count): "[\(item); \(count)]"
        case .tuple(let items): "(\(items.map(\.description).joined(separator: ", ")))"
        }
    }
}

/// A struct or an enum with its path in the real runtime.
struct TypeDeclaration {
    struct Parameter {
        let name: String
        let kind: Kind
        enum Kind {
            /// Given by whoever names the type.
            case free
            /// Known to the runtime's source, not to its metadata.
            case erased
            /// The one type that the runtime puts there.
            case bound(TypeExpression)
        }
    }
    struct Field {
        let name: String?
        let type: TypeExpression
    }
    struct Variant {
        let index: UInt8
        let name: String
        let fields: [Field]
    }
    enum Body {
        case structure([Field])
        case enumeration([Variant])
    }

    let path: [String]
    let parameters: [Parameter]
    let body: Body

    var name: String { path.last ?? "" }
    var variants: [Variant] { if case .enumeration(let variants) = body { variants } else { [] } }
}

/// A pallet: what of it the local chain declares.
struct PalletDeclaration {
    struct Storage {
        let name: String
        let key: [(hasher: String, type: TypeExpression)]
        let value: TypeExpression
        /// Nil for items whose absence means that there is nothing.
        let defaultBytes: [UInt8]?
    }
    struct Constant {
        let name: String
        let type: TypeExpression
        let bytes: [UInt8]
    }

    let index: UInt8
    let name: String
    var storagePrefix: String?
    var calls: TypeDeclaration?
    var events: TypeDeclaration?
    var errors: TypeDeclaration?
    var storage: [Storage] = []
    var constants: [Constant] = []
}

/// What an extrinsic carries.
struct ExtrinsicDeclaration {
    struct Extension {
        let name: String
        let extra: TypeExpression
        let additional: TypeExpression
    }
    let version: UInt8
    let address: TypeExpression
    let call: TypeExpression
    let signature: TypeExpression
    let extensions: [Extension]
}
