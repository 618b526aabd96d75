import CESS
import DriveFormat
import Foundation
import TestSupport
import Testing

@testable import BlobStore

struct RowSenderTests {
    /// Sends rows of a closed volume with one blob to a node, after something was done to its segment's file.
    private static func send(
        rows: Range<Int>, fault: MemoryNetwork.Fault? = nil, damaging place: UInt64? = nil
    ) async throws {
        try await withTemporaryDirectory { directory in
            let disk = try SpoolTests.Disk(directory)
            let (spool, _) = try await disk.open()
            let pointer = try await spool.append(disk.blob(10_000, seed: 1)).pointer
            try await spool.finishCommit()
            let record = try await spool.record(pointer.volume)
            if let place {
                let file = try FileHandle(forUpdating: URL(filePath: disk.path(of: pointer)))
                try file.seek(toOffset: place)
                let byte = try file.read(upToCount: 1)?.first ?? 0
                try file.seek(toOffset: place)
                try file.write(contentsOf: Data([byte ^ 1]))
                try file.close()
            }
            let network = MemoryNetwork(nodes: 1)
            network.setFault(fault, of: [0])
            let node = NodePool.Candidate(
                account: network.accounts[0],
                endpoint: try #require(network.endpoint(of: network.accounts[0])),
                capabilities: .plain)
            let sender = RowSender(segments: MappedSegments(spool.segmentFiles), nodes: network)
            for row in rows {
                do {
                    try await sender.send(row: row, of: pointer.volume, record: record, to: node) { _ in }
                } catch let error as StoreError where error == .spoolDamaged(volume: pointer.volume, segment: 0) {
                    throw Damaged()
                }
            }
        }
    }

    private struct Damaged: Error {}

    @Test(arguments: [0, 4, 11])
    func `a segment that was damaged on this disk is not blamed on the node that refuses it`(row: Int) async throws {
        await #expect(throws: Damaged.self) { try await Self.send(rows: row..<row + 1, damaging: 5000) }
    }

    @Test func `a node that refuses what is whole is to blame itself`() async throws {
        await #expect(throws: NodeError.refused(code: 500, message: "system error")) {
            try await Self.send(rows: 0..<1, fault: .refusing)
        }
        // Row 1 is all zeros, and so not what was damaged.
        await #expect(throws: NodeError.refused(code: 500, message: "system error")) {
            try await Self.send(rows: 1..<2, fault: .refusing, damaging: 5000)
        }
    }
}
