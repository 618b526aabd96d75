internal import SCALE

/// The runtime's metadata, generated from the schema.
struct RuntimeMetadata {
    /// What `state_getMetadata` answers.
    let v14: [UInt8]
    /// What `Metadata_metadata_at_version` answers for 15.
    let v15: [UInt8]

    /// - Parameter overrides: encoded values by `Pallet.Constant`, for constants that are not the real runtime's.
    init(_ schema: RuntimeSchema, overrides: [String: [UInt8]]) {
        v14 = Self.encode(schema, overrides, version: 14)
        v15 = Self.encode(schema, overrides, version: 15)
    }

    private static func encode(_ schema: RuntimeSchema, _ overrides: [String: [UInt8]], version: UInt8) -> [UInt8] {
        var writer = MetadataWriter(schema, overrides, version: version)
        return writer.write()
    }
}

private struct MetadataWriter {
    private let schema: RuntimeSchema
    private let overrides: [String: [UInt8]]
    private let version: UInt8
    private var table: TypeTable
    private var body = ScaleEncoder()

    init(_ schema: RuntimeSchema, _ overrides: [String: [UInt8]], version: UInt8) {
        (self.schema, self.overrides, self.version) = (schema, overrides, version)
        let inner = schema.pallets.flatMap { pallet in
            [("Call", pallet.calls), ("Event", pallet.events), ("Error", pallet.errors)].compactMap {
                part, declaration in
                declaration.map { (alias: "\(pallet.name).\(part)", declaration: $0) }
            }
        }
        table = TypeTable(
            schema.types, aliases: Dictionary(uniqueKeysWithValues: inner.map { ($0.alias, $0.declaration) }))
    }

    mutating func write() -> [UInt8] {
        body.compact(schema.pallets.count)
        for pallet in schema.pallets { write(pallet) }
        if version == 15 { writeExtrinsic15() } else { writeExtrinsic14() }
        body.compact(table.number(of: runtime, as: "Runtime"))
        if version == 15 {
            body.compact(0)  // no runtime APIs are described
            for name in ["RuntimeCall", "RuntimeEvent", "RuntimeError"] { body.compact(number(name)) }
            body.compact(0)  // nothing custom
        }
        var whole = ScaleEncoder(reserving: 200_000)
        whole.raw(Array("meta".utf8))
        whole.integer(version)
        table.encode(to: &whole)
        whole.raw(body.bytes)
        return whole.bytes
    }

    private let runtime = TypeDeclaration(
        path: ["cess_node_runtime", "Runtime"], parameters: [], body: .structure([]))

    private mutating func number(_ name: String) -> Int { table.number(of: .named(name, [])) }

    private mutating func write(_ pallet: PalletDeclaration) {
        body.string(pallet.name)
        body.bool(pallet.storagePrefix != nil)
        if let prefix = pallet.storagePrefix {
            body.string(prefix)
            body.compact(pallet.storage.count)
            for item in pallet.storage { write(item) }
        }
        writeOption(pallet.calls == nil ? nil : "\(pallet.name).Call")
        writeOption(pallet.events == nil ? nil : "\(pallet.name).Event")
        body.compact(pallet.constants.count)
        for constant in pallet.constants {
            body.string(constant.name)
            body.compact(table.number(of: constant.type))
            body.byteVector(overrides["\(pallet.name).\(constant.name)"] ?? constant.bytes)
            body.compact(0)  // no documentation
        }
        writeOption(pallet.errors == nil ? nil : "\(pallet.name).Error")
        body.integer(pallet.index)
        if version == 15 { body.compact(0) }  // no documentation
    }

    private mutating func writeOption(_ type: String?) {
        body.bool(type != nil)
        if let type { body.compact(number(type)) }
    }

    private static let hashers = [
        "Blake2_128", "Blake2_256", "Blake2_128Concat", "Twox128", "Twox256", "Twox64Concat", "Identity",
    ]

    private mutating func write(_ item: PalletDeclaration.Storage) {
        body.string(item.name)
        body.integer(UInt8(item.defaultBytes == nil ? 0 : 1))
        body.integer(UInt8(item.key.isEmpty ? 0 : 1))
        if !item.key.isEmpty {
            body.compact(item.key.count)
            for part in item.key {
                guard let hasher = Self.hashers.firstIndex(of: part.hasher) else {
                    preconditionFailure("\(part.hasher) is no hasher")
                }
                body.integer(UInt8(hasher))
            }
            let key = item.key.count == 1 ? item.key[0].type : .tuple(item.key.map(\.type))
            body.compact(table.number(of: key))
        }
        body.compact(table.number(of: item.value))
        body.byteVector(item.defaultBytes ?? [0])
        body.compact(0)  // no documentation
    }

    private var extra: TypeExpression { .tuple(schema.extrinsic.extensions.map(\.extra)) }

    private mutating func writeExtrinsic14() {
        let extrinsic = schema.extrinsic
        let unchecked = TypeDeclaration(
            path: ["sp_runtime", "generic", "unchecked_extrinsic", "UncheckedExtrinsic"],
            parameters: [
                .init(name: "Address", kind: .bound(extrinsic.address)),
                .init(name: "Call", kind: .bound(extrinsic.call)),
                .init(name: "Signature", kind: .bound(extrinsic.signature)),
                .init(name: "Extra", kind: .bound(extra)),
            ], body: .structure([.init(name: nil, type: .sequence(.named("u8", [])))]))
        body.compact(table.number(of: unchecked, as: "UncheckedExtrinsic"))
        body.integer(extrinsic.version)
        writeExtensions()
    }

    private mutating func writeExtrinsic15() {
        let extrinsic = schema.extrinsic
        body.integer(extrinsic.version)
        for type in [extrinsic.address, extrinsic.call, extrinsic.signature, extra] {
            body.compact(table.number(of: type))
        }
        writeExtensions()
    }

    private mutating func writeExtensions() {
        body.compact(schema.extrinsic.extensions.count)
        for item in schema.extrinsic.extensions {
            body.string(item.name)
            body.compact(table.number(of: item.extra))
            body.compact(table.number(of: item.additional))
        }
    }
}
