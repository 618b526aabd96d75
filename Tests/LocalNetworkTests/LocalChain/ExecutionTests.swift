import CESS
import Primitives
import Substrate
import Testing

@testable import LocalNetwork

/// Rules of the pallets that show only with very many blocks or entries: asked of one block by itself.
@Suite struct ExecutionTests {
    private let alice = AccountID(BLAKE2b.hash256([1]))
    private let bob = AccountID(BLAKE2b.hash256([2]))
    private let docs = Array("docs".utf8)
    private let other = Array("other".utf8)

    private func execution(_ number: BlockNumber) -> BlockExecution {
        BlockExecution(
            parameters: RuntimeParameters(blockTime: 1000, oneDay: 10, frozenDays: 1), state: BlockState(on: nil),
            number: number, parentHash: .zero)
    }

    private func fid(_ number: Int) -> FID { FID(BLAKE2b.hash256([UInt8(number >> 8), UInt8(number & 255)])) }

    private func put(_ fid: FID, owners: [(AccountID, [UInt8])], _ block: BlockExecution) {
        let briefs = owners.map { UserBrief(user: $0.0, fileName: docs, territoryName: $0.1) }
        block.state.put(
            Keys.file(fid),
            FileInfo(
                segments: [SegmentInfo(hash: SegmentHash(.zero), fragments: [])], owners: briefs, fileSize: 1,
                completion: 1))
    }

    private func entry(_ fid: FID, _ territory: [UInt8]) -> UserFileSliceInfo {
        UserFileSliceInfo(territoryName: territory, fid: fid, chargedByteCount: 1)
    }

    @Test func `of an ended territory 299 files go, entries of others are lost without being counted`() throws {
        let block = execution(1)
        block.state.put(Keys.totalServiceSpace, integer: UInt128.max >> 1)
        let held = (0..<305).map { entry(fid($0), docs) } + (305..<315).map { entry(fid($0), other) }
        for (number, entry) in held.enumerated() {
            put(fid(number), owners: [(alice, entry.territoryName)], block)
        }
        block.state.put(Keys.heldFiles(alice), list: held)
        try block.clearFiles(of: [TerritoryKey(owner: alice, name: docs)])
        let rest: [UserFileSliceInfo] = try block.state.list(Keys.heldFiles(alice))
        #expect(rest.map(\.fid) == (0..<5).map(fid))
        let there = try (0..<315).filter { try block.state.exists(Keys.file(fid($0))) }
        #expect(there == Array(0..<6) + Array(305..<315))
    }

    @Test func `an ended territory takes its user's first entry out of a file, and gives no space back`() throws {
        let block = execution(1)
        let key = TerritoryKey(owner: alice, name: docs)
        block.state.put(
            Keys.territory(key),
            TerritoryInfo(token: .zero, totalSpace: 9, usedSpace: 9, remainingSpace: 0, start: 0, deadline: 1))
        put(fid(1), owners: [(bob, docs), (alice, other), (alice, docs)], block)
        block.state.put(Keys.heldFiles(alice), list: [entry(fid(1), docs)])
        try block.clearFiles(of: [key])
        let file = try #require(try block.state.value(Keys.file(fid(1)), as: FileInfo.self))
        #expect(file.owners.map(\.user) == [bob, alice])
        #expect(file.owners.map(\.territoryName) == [docs, docs])
        #expect(try block.state.value(Keys.territory(key), as: TerritoryInfo.self)?.usedSpace == 9)
    }

    @Test func `fewer than 2000 territories freeze in one block`() throws {
        let block = execution(1)
        try block.endow(alice, 10_000 * RuntimeParameters.existentialDeposit)
        block.state.put(Keys.totalIdleSpace, integer: UInt128(1) << 40)
        block.state.put(Keys.unitPrice, integer: RuntimeParameters.existentialDeposit)
        try block.endow(BlockExecution.treasury, RuntimeParameters.existentialDeposit)
        block.state.put(Keys.freezingCount(at: 301), integer: UInt32(1998))
        try block.mint(TerritoryKey(owner: alice, name: docs), gib: 1, days: 30)
        #expect(throws: DispatchFailure.storageHandler(.overflow)) {
            try block.mint(TerritoryKey(owner: alice, name: other), gib: 1, days: 30)
        }
    }

    @Test func `hashes of blocks are forgotten after 2400 blocks, that of genesis never`() throws {
        for (number, forgotten) in [(2401, nil), (2402, 1)] as [(BlockNumber, BlockNumber?)] {
            let block = execution(number)
            for older in 0..<number { block.state.put(Keys.blockHash(older), Bytes32.zero) }
            try block.begin()
            let missing = try (0..<number).filter { try !block.state.exists(Keys.blockHash($0)) }
            #expect(missing == (forgotten.map { [$0] } ?? []))
        }
    }
}
