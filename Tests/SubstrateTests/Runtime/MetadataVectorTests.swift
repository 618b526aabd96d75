import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The real runtimes' metadata lies outside the repository: these tests are skipped where it is missing.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct MetadataVectorTests {
    static let newest = try? Metadata(RealMetadata.bytes())

    let metadata: Metadata

    init() throws { metadata = try #require(Self.newest) }

    @Test(arguments: [
        ("metadata.scale", 15, 57), ("metadata_v0.7.8-venus.scale", 15, 57), ("derived_v14.scale", 14, 57),
        ("metadata_testnet_old.scale", 15, 55), ("metadata_v0.7.8.scale", 14, 55),
    ])
    func `the metadata of every known runtime decodes`(name: String, version: UInt8, pallets: Int) throws {
        let metadata = try Metadata(RealMetadata.bytes(name))
        #expect(metadata.version == version)
        #expect(metadata.pallets.count == pallets)
        for pallet in metadata.pallets {
            for item in pallet.storage {
                // A value that must be there and an optional one have no meaningful default.
                guard item.modifier == .default else { continue }
                #expect(throws: Never.self) { try metadata.decode(item.defaultBytes, as: item.value) }
            }
            for constant in pallet.constants {
                #expect(throws: Never.self) { try metadata.decode(constant.bytes, as: constant.type) }
            }
        }
    }

    @Test func `pallets, calls, events, errors, storage and constants are those of the digest`() throws {
        let digest = try JSONObject.load("cess/metadata_digest.json")
        for (pallet, entry) in try pairs(metadata.pallets, digest.cases("pallets")) {
            #expect(pallet.name == entry["name"].text)
            #expect(pallet.index == entry["index"].number?.uint8Value)
            #expect(describe(metadata.variants(of: pallet.calls)) == describe(entry["calls"], "args"))
            #expect(describe(metadata.variants(of: pallet.events)) == describe(entry["events"], "fields"))
            #expect(
                metadata.variants(of: pallet.errors).map { "\($0.index) \($0.name)" }
                    == entry["errors"].items.map { "\($0["index"].value) \($0["name"].text)" })
            #expect(pallet.storagePrefix == entry["storage_prefix"].string)
            for (item, entry) in try pairs(pallet.storage, entry["storage"].items) { expect(item, entry) }
            for (constant, entry) in try pairs(pallet.constants, entry["constants"].items) {
                #expect(constant.name == entry["name"].text)
                #expect(constant.bytes == entry["hex"].bytes)
                #expect(metadata.types.name(of: constant.type) == entry["type"].text)
                let value = try metadata.decode(constant.bytes, as: constant.type)
                #expect(matches(value, entry["value"]), "\(pallet.name).\(constant.name)")
            }
        }
    }

    private func expect(_ item: StorageItem, _ entry: JSONObject) {
        #expect(item.name == entry["name"].text)
        #expect("\(item.modifier)" == entry["modifier"].text.lowercased())
        #expect(item.hashers.map { "\($0)".lowercased() } == entry["hashers"].items.map { $0.text.lowercased() })
        #expect(item.key.map(metadata.types.name(of:)) == entry["key"].string)
        #expect(metadata.types.name(of: item.value) == entry["value"].text)
        #expect(item.value.index == entry["value_type_id"].number?.intValue)
    }

    @Test func `types have the paths, fields and variants of the digest`() throws {
        let types = try JSONObject.load("cess/metadata_digest.json")["types"].members
        #expect(types.count == 68)
        for (number, entry) in types {
            let id = TypeID(index: try #require(Int(number)))
            #expect(metadata.types[id].path.joined(separator: "::") == entry["path"].text)
            switch (metadata.types[id].shape, entry["kind"].text) {
            case (.composite(let fields), "struct"):
                #expect(describe(fields, numbered: true) == describe(entry["fields"]), "type \(number)")
            case (.variant(let variants), "enum"):
                #expect(describe(variants, numbered: true) == describe(entry["variants"], "fields"), "type \(number)")
            case (_, let kind): Issue.record("type \(number) is no \(kind)")
            }
        }
    }

    @Test func `the runtime's version, extrinsics and APIs are those of the digest`() throws {
        let digest = try JSONObject.load("cess/metadata_digest.json")
        #expect(metadata.version == digest["metadata_version"].number?.uint8Value)
        let constant = try metadata.constant("System", "Version")
        let runtime = try metadata.decode(constant.bytes, as: constant.type)
        for (field, name) in [
            ("spec_name", "specName"), ("impl_name", "implName"), ("authoring_version", "authoringVersion"),
            ("spec_version", "specVersion"), ("impl_version", "implVersion"),
            ("transaction_version", "transactionVersion"), ("system_version", "systemVersion"),
        ] {
            #expect(matches(try #require(runtime[field]), digest["runtime"][name]), "\(field)")
        }
        let (extrinsic, expected) = (metadata.extrinsic, digest["extrinsic"])
        #expect(extrinsic.version == expected["version"].number?.uint8Value)
        #expect(extrinsic.address.map(metadata.types.name(of:)) == expected["address"].text)
        #expect(extrinsic.signature.map(metadata.types.name(of:)) == expected["signature"].text)
        #expect(metadata.types.name(of: metadata.callType) == expected["call"].text)
        for (item, entry) in try pairs(extrinsic.signedExtensions, expected.cases("signed_extensions")) {
            #expect(item.name == entry["name"].text)
            #expect(metadata.types.name(of: item.extra) == entry["extra"].text)
            #expect(metadata.types.name(of: item.additional) == entry["additional"].text)
            guard case .composite(let fields) = metadata.types[item.extra].shape else {
                Issue.record("\(item.name) is no struct")
                continue
            }
            #expect(fields.map { metadata.types.name(of: $0.type) } == entry["extra_fields"].items.map(\.text))
        }
        // The methods of the APIs are read over and not kept: nothing is called by them.
        #expect(metadata.runtimeAPIs == (try digest.cases("runtime_apis")).map { $0["name"].text })
    }

    @Test func `storage values decode and encode to the same bytes`() throws {
        let vectors = try JSONObject.load("cess/storage_values.json")
        for entry in try vectors.cases("values") + JSONObject.load("cess/real_genesis.json").cases("entries") {
            let type = try metadata.storage(entry["pallet"].text, entry["item"].text).value
            let bytes = entry["hex"].bytes
            let value = try metadata.decode(bytes, as: type)
            #expect(matches(value, entry["value"]), "\(entry["pallet"].text).\(entry["item"].text) \(value)")
            #expect(try metadata.encode(value, as: type) == bytes)
        }
        for entry in try vectors.cases("defaults_for_missing_keys") {
            #expect(
                try metadata.storage(entry["pallet"].text, entry["item"].text).defaultBytes == entry["default"].bytes)
        }
    }

    @Test func `events decode to what happened`() throws {
        for entry in try JSONObject.load("cess/events.json").cases("blobs") {
            let events = try metadata.decodeEvents(entry["hex"].bytes)
            for (event, expected) in try pairs(events, entry["events"].items) {
                #expect(event.pallet == expected["pallet"].text)
                #expect(event.name == expected["event"].text)
                #expect(matches(event.fields, expected["fields"]), "\(entry["name"].text): \(event)")
                if case .applyExtrinsic(let index) = event.phase {
                    #expect(expected["phase"]["ApplyExtrinsic"].number?.uint32Value == index)
                } else {
                    #expect("\(event.phase)" == expected["phase"].text.lowercased())
                }
            }
        }
    }

    @Test func `dispatch errors have the names of the runtime`() throws {
        for entry in try JSONObject.load("cess/events.json").cases("dispatch_errors") {
            #expect(
                try metadata.dispatchError(entry["dispatch_error"].bytes)
                    == .module(pallet: entry["pallet"].text, error: entry["error"].text))
        }
        #expect(try metadata.dispatchError([2]) == .plain("BadOrigin"))
        #expect(try metadata.dispatchError([7, 0]) == .kind("Token", error: "FundsUnavailable"))
        #expect(try metadata.dispatchError([3, 104, 200, 0, 0, 0]) == .unknownModule(pallet: 104, error: 200))
        #expect(try metadata.dispatchError([3, 250, 0, 0, 0, 0]) == .unknownModule(pallet: 250, error: 0))
        #expect(throws: ScaleError.self) { try metadata.dispatchError([99]) }
    }

    @Test func `truncated, extended and altered metadata gives an error or metadata, never a trap`() throws {
        let bytes = try RealMetadata.bytes()
        for count in stride(from: 0, to: bytes.count, by: 4001) {
            #expect(throws: MetadataError.self) { try Metadata(Array(bytes[..<count])) }
        }
        #expect(throws: MetadataError.self) { try Metadata(bytes + [0]) }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<30 {
            var altered = bytes
            altered[Int.random(in: 5..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            guard let metadata = try? Metadata(altered) else { continue }
            for pallet in metadata.pallets.prefix(10) {
                for item in pallet.storage { _ = metadata.types.layout(of: item.value) }
                _ = try? metadata.decode([UInt8](repeating: 7, count: 64), as: metadata.callType)
            }
        }
    }

    @Test func `a type that branches without end has a name all the same`() throws {
        var types = ScaleEncoder()
        // A tuple of 20 of itself, as the four types that metadata must have.
        let names = ["RuntimeCall", "RuntimeEvent", "DispatchError", "Runtime"]
        types.vector(Array(names.enumerated())) { encoder, type in
            encoder.compact(type.offset)
            encoder.vector([type.element]) { $0.string($1) }
            encoder.compact(0)  // parameters
            encoder.integer(UInt8(4))
            encoder.vector(Array(repeating: type.offset, count: 20)) { $0.compact($1) }
            encoder.compact(0)  // documentation
        }
        var encoder = ScaleEncoder()
        encoder.raw(Array("meta".utf8) + [14])
        encoder.raw(types.bytes)
        encoder.compact(0)  // pallets
        encoder.compact(3)  // the extrinsic's type, its version and extensions
        encoder.raw([4, 0])
        encoder.compact(3)
        let metadata = try Metadata(encoder.bytes)
        #expect(metadata.types.name(of: metadata.callType).count < 10_000)
        #expect(throws: ScaleError.self) { try metadata.decode([1, 2, 3], as: metadata.callType) }
    }

    private func describe(_ fields: [TypeField], numbered: Bool) -> [String] {
        fields.map {
            let number = numbered ? " #\($0.type.index)" : ""
            return "\($0.name ?? "-"): \(metadata.types.name(of: $0.type))\(number)"
        }
    }

    private func describe(_ variants: [TypeVariant], numbered: Bool = false) -> [String] {
        variants.map { "\($0.index) \($0.name) \(describe($0.fields, numbered: numbered))" }
    }

    /// Fields; with the numbers of their types where the digest has them.
    private func describe(_ fields: JSONObject) -> [String] {
        fields.items.map {
            let number = $0["id"].number.map { " #\($0)" } ?? ""
            return "\($0["name"].string ?? "-"): \($0["type"].text)\(number)"
        }
    }

    private func describe(_ variants: JSONObject, _ fields: String) -> [String] {
        variants.items.map { "\($0["index"].value) \($0["name"].text) \(describe($0[fields]))" }
    }
}
