internal import SCALE

/// A runtime's description of itself: its types, and by name its pallets with their calls, events, errors, constants and
/// storage. Versions 14 and 15 are read.
///
/// Nothing else may be assumed of a runtime: indexes change from one version of it to the next.
public struct Metadata: Sendable {
    public let version: UInt8
    public let types: TypeRegistry
    public let pallets: [Pallet]
    public let extrinsic: ExtrinsicFormat
    /// The enum of all calls, by pallet.
    public let callType: TypeID
    /// The enum of all events, by pallet.
    public let eventType: TypeID
    public let dispatchErrorType: TypeID
    /// Names of the runtime APIs; version 15 only.
    public let runtimeAPIs: [String]

    private let palletsByName: [String: Int]
    private let palletsByIndex: [UInt8: Int]

    /// - Throws: `MetadataError` on anything but complete metadata.
    public init(_ bytes: [UInt8]) throws(MetadataError) {
        var decoder = ScaleDecoder(bytes)
        do {
            guard try decoder.raw(4) == Array("meta".utf8) else { throw MetadataError.notMetadata }
            version = try decoder.byte()
            guard version == 14 || version == 15 else { throw MetadataError.unsupportedVersion(version) }
            let version = version
            types = try TypeRegistry(from: &decoder)
            let pallets = try decoder.vector(limit: 256) { (item) throws(ScaleError) in
                try Pallet(from: &item, version: version)
            }
            self.pallets = pallets
            extrinsic = try ExtrinsicFormat(from: &decoder, version: version)
            _ = try decoder.typeID()  // the runtime
            runtimeAPIs = version == 15 ? try decoder.runtimeAPIs() : []
            let outer: (call: TypeID, event: TypeID)? =
                version == 15 ? (try decoder.typeID(), try decoder.typeID()) : nil
            if version == 15 {
                _ = try decoder.typeID()  // the enum of all errors
                try decoder.skipCustomValues()
            }
            try decoder.finish()
            let positions = pallets.enumerated()
            palletsByName = Dictionary(positions.map { ($1.name, $0) }) { first, _ in first }
            palletsByIndex = Dictionary(positions.map { ($1.index, $0) }) { first, _ in first }
            callType = try outer?.call ?? types.outerEnum("RuntimeCall")
            eventType = try outer?.event ?? types.outerEnum("RuntimeEvent")
            dispatchErrorType = try types.outerEnum("DispatchError")
        } catch let error as MetadataError {
            throw error
        } catch let error as ScaleError {
            throw .malformed(error)
        } catch {
            preconditionFailure("only these two are thrown")
        }
        try checkReferences()
    }

    /// - Throws: `MetadataError.absent`.
    public func pallet(_ name: String) throws(MetadataError) -> Pallet {
        guard let position = palletsByName[name] else { throw .absent("pallet \(name)") }
        return pallets[position]
    }

    public func pallet(index: UInt8) -> Pallet? { palletsByIndex[index].map { pallets[$0] } }
}

extension Metadata {
    /// - Throws: `MetadataError.absent`.
    public func call(_ pallet: String, _ name: String) throws(MetadataError) -> (pallet: Pallet, call: TypeVariant) {
        let found = try self.pallet(pallet)
        guard let call = variants(of: found.calls).first(where: { $0.name == name }) else {
            throw .absent("call \(pallet).\(name)")
        }
        return (found, call)
    }

    /// - Throws: `MetadataError.absent`.
    public func storage(_ pallet: String, _ item: String) throws(MetadataError) -> StorageItem {
        guard let found = try self.pallet(pallet).storage.first(where: { $0.name == item }) else {
            throw .absent("storage item \(pallet).\(item)")
        }
        return found
    }

    /// - Throws: `MetadataError.absent`.
    public func constant(_ pallet: String, _ name: String) throws(MetadataError) -> PalletConstant {
        guard let found = try self.pallet(pallet).constants.first(where: { $0.name == name }) else {
            throw .absent("constant \(pallet).\(name)")
        }
        return found
    }

    /// The error that a pallet means by an index.
    public func error(pallet: UInt8, index: UInt8) -> (pallet: Pallet, error: TypeVariant)? {
        guard let pallet = self.pallet(index: pallet),
            let error = variants(of: pallet.errors).first(where: { $0.index == index })
        else { return nil }
        return (pallet, error)
    }

    /// The variants of an enum of the runtime; none for any other type.
    public func variants(of type: TypeID?) -> [TypeVariant] {
        guard let type, case .variant(let variants) = types[type].shape else { return [] }
        return variants
    }

    private func checkReferences() throws(MetadataError) {
        let outer = [extrinsic.address, extrinsic.signature, callType, eventType].compactMap { $0 }
        let ofExtensions = extrinsic.signedExtensions.flatMap { [$0.extra, $0.additional] }
        let ofPallets = pallets.flatMap { pallet in
            [pallet.calls, pallet.events, pallet.errors].compactMap { $0 }
                + pallet.constants.map(\.type)
                + pallet.storage.flatMap { [$0.key, $0.value].compactMap { $0 } }
        }
        for type in outer + ofExtensions + ofPallets where type.index >= types.types.count {
            throw .danglingType(type.index)
        }
    }
}

extension TypeRegistry {
    /// V14 does not say which types these are; all runtimes name them so.
    fileprivate func outerEnum(_ name: String) throws(MetadataError) -> TypeID {
        guard let index = types.firstIndex(where: { $0.path.last == name }) else { throw .absent("type \(name)") }
        return TypeID(index: index)
    }
}

extension ScaleDecoder {
    fileprivate mutating func runtimeAPIs() throws(ScaleError) -> [String] {
        try vector { (item) throws(ScaleError) in
            let name = try item.string()
            _ = try item.vector { (method) throws(ScaleError) in
                _ = try method.string()
                _ = try method.vector { (input) throws(ScaleError) in
                    _ = try input.string()
                    _ = try input.typeID()
                }
                _ = try method.typeID()
                try method.skipStrings()
            }
            try item.skipStrings()
            return name
        }
    }

    fileprivate mutating func skipCustomValues() throws(ScaleError) {
        _ = try vector { (item) throws(ScaleError) in
            _ = try item.string()
            _ = try item.typeID()
            _ = try item.byteVector()
        }
    }
}
