import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The calls of the vectors by the metadata alone; CESSTests has those that this program makes.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct CallVectorTests {
    let metadata: Metadata
    let entries: [JSONObject]

    init() throws {
        metadata = try #require(MetadataVectorTests.newest)
        entries = try JSONObject.load("cess/calls.json").cases("calls")
    }

    @Test func `calls decode to their arguments and encode to the same bytes`() throws {
        for entry in entries {
            let bytes = entry["hex"].bytes
            let call = try metadata.decodeCall(bytes)
            #expect(call.pallet == entry["pallet"].text)
            #expect(call.name == entry["call"].text)
            #expect(matches(.composite(call.arguments), entry["args"]), "\(entry["name"].text)")
            #expect(try metadata.encode(metadata.decode(bytes, as: metadata.callType), as: metadata.callType) == bytes)
        }
    }

    @Test func `calls are encoded from their arguments by name`() throws {
        for entry in entries {
            let call = try metadata.callValue(entry["pallet"].text, entry["call"].text, entry["args"].members)
            let bytes = try metadata.encode(call, as: metadata.callType)
            #expect(bytes == entry["hex"].bytes, "\(entry["name"].text)")
            #expect(bytes.count == entry["length"].number?.intValue)
            #expect(BLAKE2b.hash256(bytes).bytes == entry["blake2_256"].bytes)
        }
    }

    @Test func `a runtime that numbers pallets and calls otherwise gets its own indexes`() throws {
        let bytes = try RealMetadata.bytes("derived_v14.scale")
        let former = try Metadata(bytes)
        let position = try #require(former.pallets.firstIndex { $0.name == "Staking" })
        let index = former.pallets[position].index
        let next = former.pallets[position + 1]
        // A pallet ends with its index, a call without arguments too.
        let afterPallet = RealMetadata.encoded(next.name) + [next.storagePrefix == nil ? 0 : 1]
        let chill = RealMetadata.encoded("chill") + [0]
        let metadata = try Metadata(
            bytes.replacing([index] + afterPallet, with: [0xee] + afterPallet)
                .replacing(chill + [6], with: chill + [0x66]))
        #expect(try former.encodeCall("Staking", "chill", [:]) == [index, 6])
        #expect(try metadata.encodeCall("Staking", "chill", [:]) == [0xee, 0x66])
        #expect(try metadata.encode(Call("Staking", "chill", layout: "()") { _ in }) == [0xee, 0x66])
        #expect(try metadata.decodeCall([index, 0x66]).name == "chill")
        #expect(throws: ScaleError.self) { try metadata.decodeCall([index, 6]) }
    }

    /// Those of the vectors that no function of CESS writes.
    @Test func `a call that no type is written for is encoded by the metadata alone`() throws {
        func expect(
            _ name: String, _ pallet: String, _ call: String, _ arguments: KeyValuePairs<String, Value>
        ) throws {
            let entry = try #require(entries.first { $0["name"].text == name })
            #expect(try metadata.encodeCall(pallet, call, arguments) == entry["hex"].bytes, "\(name)")
        }
        let bob = try KeyPair(suri: "//Bob").accountID.bytes.bytes
        let alice = try KeyPair(suri: "//Alice").accountID.bytes.bytes
        func choice(_ name: String, _ value: Value? = nil) -> Value {
            .variant(name: name, index: 0, fields: value.map { [Value.Field(nil, $0)] } ?? [])
        }
        try expect("timestamp_set", "Timestamp", "set", ["now": .unsigned(1_760_000_000_000)])
        try expect(
            "oss_register", "Oss", "register",
            ["domain": .bytes(Array("gw.example.org".utf8)), "endpoint": .bytes([UInt8](repeating: 0, count: 38))])
        let payload: [Value.Field] = [.init("oss", .bytes(bob)), .init("exp", .unsigned(123_456))]
        try expect(
            "oss_proxy_authorzie", "Oss", "proxy_authorzie",
            [
                "auth_puk": .bytes(alice), "sig": .bytes([UInt8](repeating: 0x55, count: 64)),
                "payload": .composite(payload),
            ])
        try expect(
            "proxy_add_non_transfer", "Proxy", "add_proxy",
            ["delegate": choice("Id", .bytes(bob)), "proxy_type": choice("NonTransfer"), "delay": .unsigned(0)])
        let inner = try #require(entries.first { $0["name"].text == "proxy_proxy" })["args"]["call"]
        try expect(
            "proxy_proxy", "Proxy", "proxy",
            [
                "real": choice("Id", .bytes(bob)), "force_proxy_type": choice("None"),
                "call": metadata.value(inner, as: metadata.callType),
            ])
    }
}
