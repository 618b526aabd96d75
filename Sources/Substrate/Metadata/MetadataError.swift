public import SCALE

/// What can be wrong with a runtime's metadata, or with a question to it.
public enum MetadataError: Error, Equatable, CustomStringConvertible {
    /// The bytes do not begin with `meta`.
    case notMetadata
    case unsupportedVersion(UInt8)
    case malformed(ScaleError)
    /// A type refers to one that is not there.
    case danglingType(Int)
    /// The runtime has no such pallet, or the pallet no such call, event, constant or storage item.
    case absent(String)
    /// A part of the runtime does not have the layout that this program knows.
    case differs(what: String, expected: String, found: String)
    /// Extrinsics of this runtime carry something that this program cannot fill in.
    case unknownExtension(String)
    /// A value does not fit the type that it should be encoded as.
    case unencodable(String)

    public var description: String {
        switch self {
        case .notMetadata: "these bytes are not runtime metadata"
        case .unsupportedVersion(let version): "metadata version \(version) is neither 14 nor 15"
        case .malformed(let error): "malformed metadata: \(error)"
        case .danglingType(let index): "the metadata refers to type \(index), which it does not have"
        case .absent(let name): "the runtime has no \(name)"
        case .differs(let what, let expected, let found): "\(what) is \(found) in this runtime instead of \(expected)"
        case .unknownExtension(let name): "extrinsics carry the unknown extension \(name) in this runtime"
        case .unencodable(let what): "\(what)"
        }
    }
}
