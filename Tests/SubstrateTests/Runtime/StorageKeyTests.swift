import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

@Suite struct StorageKeyTests {
    let vectors: JSONObject

    init() throws { vectors = try JSONObject.load("cess/storage_keys.json") }

    @Test func `every hasher gives the bytes that Substrate gives`() throws {
        for entry in try vectors.cases("hashes") {
            let input = entry["input"].bytes
            let hashers: [(String, StorageHasher)] = [
                ("twox128", .twox128), ("twox256", .twox256), ("blake2_128", .blake2_128),
                ("blake2_256", .blake2_256), ("blake2_128_concat", .blake2_128Concat),
                ("twox64_concat", .twox64Concat),
            ]
            for (name, hasher) in hashers { #expect(hasher.hash(input) == entry[name].bytes) }
            #expect(StorageHasher.identity.hash(input) == input)
        }
    }

    @Test func `every storage key a client needs is the one that Substrate makes`() throws {
        for entry in try vectors.cases("keys") {
            var key = StorageKey(entry["pallet"].text, entry["item"].text)
            #expect(key.bytes == entry["prefix"].bytes)
            for (hasher, argument) in try pairs(entry["hashers"].items, entry["args"].items) {
                let part = encoded(argument, of: entry["item"].text)
                let hasher: StorageHasher = hasher.text == "Twox64Concat" ? .twox64Concat : .blake2_128Concat
                let longer = key.appending(encoded: part, by: hasher)
                #expect(key.lastPart(of: longer, by: hasher) == part)
                key = longer
            }
            #expect(key.bytes == entry["key"].bytes, "\(entry["pallet"].text).\(entry["item"].text)")
        }
    }

    @Test func `a key part is taken only from a key that it hashes to`() {
        let prefix = StorageKey("FileBank", "File")
        var bytes = prefix.appending(encoded: [1, 2, 3]).bytes
        bytes[bytes.count - 1] ^= 1
        #expect(prefix.lastPart(of: StorageKey(bytes: bytes)) == nil)
        #expect(prefix.lastPart(of: prefix) == nil)
        #expect(prefix.lastPart(of: StorageKey("FileBank", "DealMap").appending(encoded: [1])) == nil)
    }

    @Test func `the keys of the real network's genesis are the ones computed here`() throws {
        let genesis = try JSONObject.load("cess/real_genesis.json")
        #expect(genesis["properties"]["ss58Format"].number?.uint16Value == SS58.cessTestnet)
        for entry in try genesis.cases("entries") {
            let item = entry["item"].text
            let hasher: StorageHasher = item == "BlockHash" ? .twox64Concat : .blake2_128Concat
            let key = entry["args"].items.reduce(StorageKey(entry["pallet"].text, item)) {
                $0.appending(encoded: encoded($1, of: item), by: hasher)
            }
            #expect(key.bytes == entry["key"].bytes, "\(item) \(entry["args"].value)")
            guard let publicKey = entry["public_key"].string else { continue }
            #expect(encoded(entry["args"].items[0], of: item) == [UInt8](hex: publicKey))
        }
    }

    /// The SCALE encoding of a key part as the vectors write it.
    private func encoded(_ argument: JSONObject, of item: String) -> [UInt8] {
        if argument.isArray {
            var encoder = ScaleEncoder()
            for name in argument.items { encoder.byteVector(Array(name.text.utf8)) }
            return encoder.bytes
        }
        if let number = argument.number { return withUnsafeBytes(of: number.uint32Value.littleEndian) { Array($0) } }
        if let (account, _) = try? SS58.decode(argument.text) { return account.scaleBytes }
        var encoder = ScaleEncoder()
        if item == "PayOrder" {
            encoder.byteVector(argument.bytes)
        } else if argument.text.hasPrefix("0x") {
            encoder.raw(argument.bytes)
        } else {
            encoder.byteVector(Array(argument.text.utf8))
        }
        return encoder.bytes
    }
}
