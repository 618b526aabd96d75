import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

/// The timing of the real network, with which every constant must be the real one.
private let faithful: RuntimeParameters = {
    var configuration = LocalChainConfiguration(directory: "")
    configuration.makeFaithful()
    return configuration.parameters
}()

private let ours = RuntimeMetadata(RuntimeSchema(), overrides: faithful.constants)

/// The real metadata is not part of this repository.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)"))
struct RealRuntimeComparison {
    let local: Metadata
    let real: Metadata

    init() throws {
        local = try Metadata(ours.v14)
        real = try Metadata(RealMetadata.bytes("derived_v14.scale"))
    }

    /// A type's fields or variants with names and indexes, all the way down.
    private func expectSame(_ mine: TypeID?, _ theirs: TypeID?, _ what: String) {
        guard let mine, let theirs else {
            Issue.record("\(what) is missing")
            return
        }
        #expect(local.types.layout(of: mine) == real.types.layout(of: theirs), "\(what)")
        #expect(local.types[mine].path == real.types[theirs].path, "\(what)")
    }

    @Test func `every declared pallet has the real index and storage prefix`() throws {
        #expect(local.pallets.count == 10)
        for pallet in local.pallets {
            let other = try real.pallet(pallet.name)
            #expect(pallet.index == other.index)
            if let prefix = pallet.storagePrefix { #expect(prefix == other.storagePrefix) }
        }
    }

    @Test func `every declared call, event and error is the real one`() throws {
        var count = 0
        for pallet in local.pallets {
            let other = try real.pallet(pallet.name)
            for (mine, theirs) in [
                (pallet.calls, other.calls), (pallet.events, other.events), (pallet.errors, other.errors),
            ] {
                guard let mine else { continue }
                let variants = real.variants(of: theirs)
                for variant in local.variants(of: mine) {
                    let name = "\(pallet.name).\(variant.name)"
                    guard let match = variants.first(where: { $0.name == variant.name }) else {
                        Issue.record("the real runtime has no \(name)")
                        continue
                    }
                    #expect(variant.index == match.index, "\(name)")
                    #expect(
                        local.types.layout(of: variant.fields) == real.types.layout(of: match.fields), "\(name)")
                    count += 1
                }
            }
        }
        #expect(count > 200)
    }

    @Test func `errors and events of a declared pallet are complete`() throws {
        for pallet in local.pallets where pallet.name != "Babe" {
            let other = try real.pallet(pallet.name)
            #expect(local.variants(of: pallet.events).count == real.variants(of: other.events).count)
            #expect(local.variants(of: pallet.errors).count == real.variants(of: other.errors).count)
        }
    }

    @Test func `every declared storage item has the real hashers, types and default`() throws {
        var count = 0
        for pallet in local.pallets {
            for item in pallet.storage {
                let other = try real.storage(pallet.name, item.name)
                let name = "\(pallet.name).\(item.name)"
                #expect(item.modifier == other.modifier, "\(name)")
                #expect(item.hashers == other.hashers, "\(name)")
                #expect(item.defaultBytes == other.defaultBytes, "\(name)")
                if item.name != "Events" { expectSame(item.value, other.value, name) }
                if item.key != nil || other.key != nil { expectSame(item.key, other.key, name) }
                count += 1
            }
        }
        #expect(count > 50)
    }

    @Test func `with the real timing every declared constant has the real value`() throws {
        for pallet in local.pallets {
            for constant in pallet.constants {
                let other = try real.constant(pallet.name, constant.name)
                #expect(constant.bytes == other.bytes, "\(pallet.name).\(constant.name)")
                expectSame(constant.type, other.type, "\(pallet.name).\(constant.name)")
            }
        }
    }

    @Test func `extrinsics are framed and extended as in the real runtime`() {
        #expect(local.extrinsic.version == real.extrinsic.version)
        #expect(local.extrinsic.signedExtensions.map(\.name) == real.extrinsic.signedExtensions.map(\.name))
        for (mine, theirs) in zip(local.extrinsic.signedExtensions, real.extrinsic.signedExtensions) {
            expectSame(mine.extra, theirs.extra, mine.name)
            expectSame(mine.additional, theirs.additional, mine.name)
        }
    }
}

@Test func `both versions of the metadata decode, and the timing follows the block time`() throws {
    var configuration = LocalChainConfiguration(directory: "")
    configuration.blockTime = .seconds(1)
    let metadata = RuntimeMetadata(RuntimeSchema(), overrides: configuration.parameters.constants)
    for bytes in [metadata.v14, metadata.v15] {
        let decoded = try Metadata(bytes)
        #expect(try decoded.constant("StorageHandler", "OneDay").bytes == [0x80, 0x51, 0x01, 0x00])  // 86 400
        #expect(try decoded.constant("Babe", "ExpectedBlockTime").bytes == [0xE8, 3, 0, 0, 0, 0, 0, 0])
    }
}
