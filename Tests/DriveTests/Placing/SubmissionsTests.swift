import CESS
import Drive
import DriveFormat
import Foundation
import Primitives
import Sealing
import Substrate
import TestSupport
import Testing

@testable import BlobStore

struct SubmissionsTests {
    @Test func `what is declared by itself does not ask for all that was declared before`() async throws {
        try await DriveFixture.with { fixture in
            try await withTemporaryDirectory { directory in
                let database = try StoreDatabase(
                    path: directory.appending(path: "store.sqlite").path, sealer: fixture.device.localSealer)
                let counting = FaultyNetwork(fixture.network)
                let submissions = Submissions(chain: counting, database: database)
                let signer = KeyPair(miniSecret: fixture.root.accountMiniSecret)
                let fids = (0..<20).map { FID(SHA256.hash([UInt8($0)])) }
                for fid in fids {
                    let planned = PlacementPlan.Volume(id: VolumeID(.random()), fid: fid.bytes, name: [1])
                    let record = VolumeRecord(fid: fid.bytes, segments: [], sealedBytes: 0, liveBytes: 0)
                    let volume = Placer.Volume(planned, record: record, isCommit: false)
                    try await submissions.declare([volume], in: fixture.root.territoryName, signer: signer)
                    let before = counting.asked
                    #expect(Set(try await submissions.settle(only: [fid.bytes]).keys) == [fid.bytes])
                    #expect(counting.asked == before + 1)
                }
                #expect(try await submissions.settle().count == fids.count)
                #expect(fixture.network.declarations == fids)
                try await submissions.forget()
                #expect(try await submissions.settle().isEmpty)
            }
        }
    }

    @Test(arguments: 1...3)
    func `what another machine of the account was faster than is declared with the next nonce`(
        count: Int
    ) async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created(segmentsPerVolume: 1)
            let network = FaultyNetwork(fixture.network)
            network.outrun(count)
            let content = noise(70 << 20)
            let drive = try fixture.drive(segmentsPerVolume: 1, through: network)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            let declared = fixture.network.declarations
            #expect(Set(declared).count == declared.count, "nothing is declared twice")
            #expect(try await drive.head().bytes("/file") == content)
        }
    }
}
