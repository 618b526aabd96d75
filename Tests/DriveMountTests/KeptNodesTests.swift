import Foundation
import LocalCache
import Primitives
import Sealing
import SystemPackage
import TestSupport
import Testing

@testable import DriveMount

@Suite struct KeptNodesTests {
    private let key = Secret.random(byteCount: 32)
    private let first = BlobID(.zero)
    private let second = BlobID(Bytes32([UInt8](repeating: 7, count: 32)) ?? .zero)
    private let node = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private func open(_ directory: URL) throws -> CacheSlot {
        try CacheSlot.open(in: FilePath(directory.path), key: key, isReadOnly: true, MountOptions())
    }

    @Test func `a node that was kept is there for the next mount`() async throws {
        try await withTemporaryDirectory { directory in
            let slot = try open(directory)
            let nodes = KeptNodes(slot)
            let nothing = await nodes.blob(first)
            await nodes.keep(node, as: first)
            let found = await nodes.blob(first)
            #expect(nothing == nil && found == node)
            try slot.cache.close()

            let again = try open(directory)
            let kept = await KeptNodes(again).blob(first)
            #expect(kept == node)
            try again.cache.close()
        }
    }

    @Test func `a node that was evicted is kept anew`() async throws {
        try await withTemporaryDirectory { directory in
            let slot = try open(directory)
            let nodes = KeptNodes(slot)
            await nodes.keep(node, as: second)
            try slot.cache.apply(slot.cache.files.map { .remove($0) })
            let nothing = await nodes.blob(second)
            await nodes.keep(node, as: second)
            let found = await nodes.blob(second)
            #expect(nothing == nil && found == node)
            try slot.cache.close()
        }
    }

    @Test func `what no place is is none`() {
        let place = KeptNodes.Place(file: FileNumber(77), byteCount: 300)
        #expect(KeptNodes.Place(place.bytes) == place)
        #expect(KeptNodes.Place([]) == nil)
        #expect(KeptNodes.Place(Array(place.bytes.dropLast())) == nil)
        #expect(KeptNodes.Place(place.bytes + [0]) == nil)
        #expect(KeptNodes.Place([UInt8](repeating: 0xFF, count: 12)) == nil)
    }
}
