public import SCALE
public import Sealing

/// Extended attributes: few bytes in place, more in a blob of their own.
///
/// Format: Docs/Format/Entries.md, "Attributes".
public enum Attributes: Equatable, Sendable, ScaleCodable {
    /// The encoded list may have this many bytes in place; a longer one is a blob of kind `attributes`.
    public static let inlineByteLimit = 1024

    case none
    /// At least one, at most `inlineByteLimit` bytes when encoded.
    case inline(AttributeList)
    /// The plaintext of the blob is an `AttributeList` of this many bytes.
    case blob(BlobID, rawLength: UInt32)

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        switch try decoder.byte() {
        case 0: self = .none
        case 1:
            let list: AttributeList = try decoder.decode()
            guard decoder.offset - offset - 1 <= Self.inlineByteLimit else {
                throw .invalid("too many attributes to stand in an entry", offset: offset)
            }
            self = .inline(list)
        case 2:
            let id: BlobID = try decoder.decode()
            let rawLength: UInt32 = try decoder.integer()
            guard rawLength > Self.inlineByteLimit, rawLength <= AttributeList.byteLimit else {
                throw .invalid("a blob of attributes of \(rawLength) bytes", offset: offset)
            }
            self = .blob(id, rawLength: rawLength)
        case let index: throw .unknownVariant(index, type: "Attributes", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .none: encoder.integer(UInt8(0))
        case .inline(let attributes):
            encoder.integer(UInt8(1))
            encoder.encode(attributes)
        case .blob(let id, let rawLength):
            encoder.integer(UInt8(2))
            encoder.encode(id)
            encoder.integer(rawLength)
        }
    }
}

/// Extended attributes in the order of their names, each name once.
///
/// Format: Docs/Format/Entries.md, "Attributes".
public struct AttributeList: Hashable, Sendable, ScaleCodable {
    public static let countLimit = 16_384
    /// Of the encoded list.
    public static let byteLimit = 16_777_216

    public let attributes: [Attribute]

    /// Puts them in order; of two with one name the first stays.
    ///
    /// - Returns: nil for none at all, or more than a list may hold.
    public init?(_ attributes: [Attribute]) {
        var kept: [Attribute] = []
        for attribute in attributes.enumerated().sorted(by: {
            $0.element.name == $1.element.name
                ? $0.offset < $1.offset : $0.element.name.lexicographicallyPrecedes($1.element.name)
        }).map(\.element) where kept.last?.name != attribute.name {
            guard Attribute.isValid(attribute) else { return nil }
            kept.append(attribute)
        }
        guard !kept.isEmpty, kept.count <= Self.countLimit else { return nil }
        self.attributes = kept
        guard scaleBytes.count <= Self.byteLimit else { return nil }
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        attributes = try decoder.vector(limit: Self.countLimit)
        guard !attributes.isEmpty else { throw .invalid("a list without attributes", offset: offset) }
        guard zip(attributes, attributes.dropFirst()).allSatisfy({ $0.name.lexicographicallyPrecedes($1.name) }) else {
            throw .invalid("attributes do not ascend", offset: offset)
        }
        guard decoder.offset - offset <= Self.byteLimit else {
            throw .invalid("more than \(Self.byteLimit) bytes of attributes", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.vector(attributes) }
}

/// One extended attribute: its name with the namespace (`user.comment`), and its value.
public struct Attribute: Hashable, Sendable, ScaleCodable {
    public static let nameByteLimit = 255
    public static let valueByteLimit = 65_536

    /// 1…255 bytes, none of them zero.
    public let name: [UInt8]
    /// At most 65,536 bytes.
    public let value: [UInt8]

    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    static func isValid(_ attribute: Attribute) -> Bool {
        (1...nameByteLimit).contains(attribute.name.count) && !attribute.name.contains(0)
            && attribute.value.count <= valueByteLimit
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        name = try decoder.byteVector(limit: Self.nameByteLimit)
        value = try decoder.byteVector(limit: Self.valueByteLimit)
        guard Self.isValid(self) else { throw .invalid("an attribute's name", offset: offset) }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(name)
        encoder.byteVector(value)
    }
}
