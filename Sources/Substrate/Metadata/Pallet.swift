internal import SCALE

/// A pallet of the runtime.
public struct Pallet: Sendable {
    public let name: String
    public let index: UInt8
    /// The first part of the pallet's storage keys.
    public let storagePrefix: String?
    public let storage: [StorageItem]
    public let constants: [PalletConstant]
    /// Enums; nil where the pallet has none.
    public let calls: TypeID?
    public let events: TypeID?
    public let errors: TypeID?

    init(from decoder: inout ScaleDecoder, version: UInt8) throws(ScaleError) {
        name = try decoder.string()
        let storage = try decoder.option { (some) throws(ScaleError) in
            (
                prefix: try some.string(),
                items: try some.vector { (item) throws(ScaleError) in try StorageItem(from: &item) }
            )
        }
        storagePrefix = storage?.prefix
        self.storage = storage?.items ?? []
        calls = try decoder.option { (some) throws(ScaleError) in try some.typeID() }
        events = try decoder.option { (some) throws(ScaleError) in try some.typeID() }
        constants = try decoder.vector { (item) throws(ScaleError) in try PalletConstant(from: &item) }
        errors = try decoder.option { (some) throws(ScaleError) in try some.typeID() }
        index = try decoder.byte()
        if version == 15 { try decoder.skipStrings() }
    }
}

/// A constant of a pallet: the type and the encoded value.
public struct PalletConstant: Sendable {
    public let name: String
    public let type: TypeID
    public let bytes: [UInt8]

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        name = try decoder.string()
        type = try decoder.typeID()
        bytes = try decoder.byteVector()
        try decoder.skipStrings()
    }
}

/// A storage value or map.
public struct StorageItem: Sendable {
    public enum Modifier: UInt8, Sendable {
        /// A missing key means that there is nothing.
        case optional
        /// A missing key means the item's default.
        case `default`
        case required
    }

    public let name: String
    public let modifier: Modifier
    /// One for each part of the key; none for a plain value.
    public let hashers: [StorageHasher]
    /// A tuple if there are several hashers.
    public let key: TypeID?
    public let value: TypeID
    /// The encoded default.
    public let defaultBytes: [UInt8]

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        name = try decoder.string()
        modifier = try decoder.choice("StorageEntryModifier")
        let start = decoder.offset
        let kind = try decoder.byte()
        switch kind {
        case 0: (hashers, key) = ([], nil)
        case 1:
            hashers = try decoder.vector { (item) throws(ScaleError) in try item.choice("StorageHasher") }
            key = try decoder.typeID()
        default: throw .unknownVariant(kind, type: "StorageEntryType", offset: start)
        }
        value = try decoder.typeID()
        defaultBytes = try decoder.byteVector()
        try decoder.skipStrings()
    }
}

/// What an extrinsic of the runtime looks like.
public struct ExtrinsicFormat: Sendable {
    public let version: UInt8
    public let signedExtensions: [SignedExtension]
    /// V15 only.
    public let address: TypeID?
    public let signature: TypeID?

    init(from decoder: inout ScaleDecoder, version metadataVersion: UInt8) throws(ScaleError) {
        if metadataVersion == 15 {
            version = try decoder.byte()
            address = try decoder.typeID()
            _ = try decoder.typeID()  // the enum of all calls, which comes once more later
            signature = try decoder.typeID()
            _ = try decoder.typeID()  // the tuple of the extensions below
        } else {
            _ = try decoder.typeID()  // the extrinsic itself
            version = try decoder.byte()
            (address, signature) = (nil, nil)
        }
        signedExtensions = try decoder.vector { (item) throws(ScaleError) in
            SignedExtension(name: try item.string(), extra: try item.typeID(), additional: try item.typeID())
        }
    }
}

/// Something that extrinsics carry (`extra`) or only sign (`additional`).
public struct SignedExtension: Sendable {
    public let name: String
    public let extra: TypeID
    public let additional: TypeID
}

extension ScaleDecoder {
    /// A variant without fields, by its index.
    fileprivate mutating func choice<T: RawRepresentable<UInt8>>(_ name: String) throws(ScaleError) -> T {
        let start = offset
        let index = try byte()
        guard let value = T(rawValue: index) else { throw .unknownVariant(index, type: name, offset: start) }
        return value
    }
}
