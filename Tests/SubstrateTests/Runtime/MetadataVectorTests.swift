import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The real runtimes' metadata lies outside the repository: these tests are skipped where it is missing.
@Suite(.enabled(if: RealMetadata.isThere)) struct MetadataVectorTests {
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
        #expect(digest["pallets"].items.count == metadata.pallets.count)
        for (pallet, entry) in zip(metadata.pallets, digest["pallets"].items) {
            #expect(pallet.name == entry["name"].text)
            #expect(pallet.index == entry["index"].number?.uint8Value)
            #expect(describe(metadata.variants(of: pallet.calls)) == describe(entry["calls"], "args"))
            #expect(describe(metadata.variants(of: pallet.events)) == describe(entry["events"], "fields"))
            #expect(
                metadata.variants(of: pallet.errors).map { "\($0.index) \($0.name)" }
                    == entry["errors"].items.map { "\($0["index"].value) \($0["name"].text)" })
            #expect(pallet.storagePrefix == entry["storage_prefix"].string)
            for (item, entry) in zip(pallet.storage, entry["storage"].items) {
                #expect(item.name == entry["name"].text)
                #expect("\(item.modifier)" == entry["modifier"].text.lowercased())
                #expect(
                    item.hashers.map { "\($0)".lowercased() } == entry["hashers"].items.map { $0.text.lowercased() })
                #expect(item.key.map(metadata.types.name(of:)) == entry["key"].string)
                #expect(metadata.types.name(of: item.value) == entry["value"].text)
            }
            for (constant, entry) in zip(pallet.constants, entry["constants"].items) {
                #expect(constant.name == entry["name"].text)
                #expect(constant.bytes == entry["hex"].bytes)
                #expect(metadata.types.name(of: constant.type) == entry["type"].text)
            }
        }
        #expect(
            metadata.extrinsic.signedExtensions.map(\.name)
                == digest["extrinsic"]["signed_extensions"].items.map { $0["name"].text })
        #expect(metadata.runtimeAPIs == digest["runtime_apis"].items.map { $0["name"].text })
    }

    @Test func `calls decode to their arguments and encode to the same bytes`() throws {
        for entry in try JSONObject.load("cess/calls.json")["calls"].items {
            let bytes = entry["hex"].bytes
            let call = try metadata.decodeCall(bytes)
            #expect(call.pallet == entry["pallet"].text)
            #expect(call.name == entry["call"].text)
            for argument in call.arguments {
                let name = try #require(argument.name)
                #expect(matches(argument.value, entry["args"][name]), "\(entry["name"].text): \(name)")
            }
            #expect(try metadata.encode(metadata.decode(bytes, as: metadata.callType), as: metadata.callType) == bytes)
        }
    }

    @Test func `storage values decode and encode to the same bytes`() throws {
        let vectors = try JSONObject.load("cess/storage_values.json")
        for entry in vectors["values"].items + (try JSONObject.load("cess/real_genesis.json"))["entries"].items {
            let type = try metadata.storage(entry["pallet"].text, entry["item"].text).value
            let bytes = entry["hex"].bytes
            let value = try metadata.decode(bytes, as: type)
            #expect(matches(value, entry["value"]), "\(entry["pallet"].text).\(entry["item"].text) \(value)")
            #expect(try metadata.encode(value, as: type) == bytes)
        }
        for entry in vectors["defaults_for_missing_keys"].items {
            #expect(
                try metadata.storage(entry["pallet"].text, entry["item"].text).defaultBytes == entry["default"].bytes)
        }
    }

    @Test func `events decode to what happened`() throws {
        for entry in try JSONObject.load("cess/events.json")["blobs"].items {
            let events = try metadata.decodeEvents(entry["hex"].bytes)
            #expect(events.count == entry["events"].items.count)
            for (event, expected) in zip(events, entry["events"].items) {
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
        for entry in try JSONObject.load("cess/events.json")["dispatch_errors"].items {
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

    private func describe(_ variants: [TypeVariant]) -> [String] {
        variants.map { variant in
            let fields = variant.fields.map { "\($0.name ?? "-"): \(metadata.types.name(of: $0.type))" }
            return "\(variant.index) \(variant.name) \(fields)"
        }
    }

    private func describe(_ variants: JSONObject, _ fields: String) -> [String] {
        variants.items.map { variant in
            let fields = variant[fields].items.map { "\($0["name"].string ?? "-"): \($0["type"].text)" }
            return "\(variant["index"].value) \(variant["name"].text) \(fields)"
        }
    }
}
