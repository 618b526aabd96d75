import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The calls of the vectors as this program makes them.
private let calls: [String: Call] = {
    guard let alice = try? KeyPair(suri: "//Alice").accountID, let bob = try? KeyPair(suri: "//Bob").accountID,
        let fid = FID(hex: "3a311faa59b0bae41cb73dfbe2aaa1c140938d76f7e825f73321923bea681dd9"),
        let fragment = FragmentHash(hex: "9b914480702aa43ff307897783a727dd2cd9a567cb88a0cfe1bb492cd0aedc2c"),
        let token = Bytes32(hex: "f8d3c0493fa0357c62767be1ee81ef8914e347158d4f052f6a5273ea661264ed")
    else { return [:] }
    func segments(_ count: Int) -> [SegmentList] {
        (0..<count).map { index in
            SegmentList(
                hash: SegmentHash(SHA256.hash(Array("segment \(index)".utf8))),
                fragments: (0..<12).map { FragmentHash(SHA256.hash(Array("segment \(index) fragment \($0)".utf8))) })
        }
    }
    let documents = Array("documents".utf8)
    func endpoint(_ number: Int) -> [UInt8] { Array("http://10.0.0.\(number):15001".utf8) }
    return [
        "delete_file": .deleteFile(fid, owner: alice),
        "territory_file_delivery": .territoryFileDelivery(fid, user: alice, to: Array("archive".utf8)),
        "transfer_report": .transferReport(fid, row: 11),
        "generate_restoral_order": .generateRestoralOrder(fid, fragment: fragment),
        "claim_restoral_order": .claimRestoralOrder(fragment),
        "claim_restoral_noexist_order": .claimRestoralNoexistOrder(fid, fragment: fragment, node: bob),
        "restoral_order_complete": .restoralOrderComplete(fragment),
        "mint_territory": .mintTerritory(documents, gibCount: 1, days: 30),
        "expanding_territory": .expandTerritory(documents, gibCount: 2),
        "renewal_territory": .renewTerritory(documents, days: 60),
        "reactivate_territory": .reactivateTerritory(documents, days: 30),
        "other_reactivate_territory": .otherReactivateTerritory(documents, of: bob, days: 30),
        "territory_consignment": .consignTerritory(documents, price: 5_000_000_000_000_000_000),
        "buy_consignment": .buyConsignment(token, rename: Array("bought".utf8)),
        "cancel_consignment": .cancelConsignment(documents),
        "cancel_purchase_action": .cancelPurchase(token),
        "territory_grants": .grantTerritory(documents, to: bob),
        "territory_rename": .renameTerritory(documents, to: Array("papers".utf8)),
        "create_order_buy": .createOrder(
            .buy, territory: Array("gift".utf8), of: bob, gibCount: 1, days: 30, expiry: 10),
        "exec_order": .executeOrder(token.bytes),
        "oss_authorize": .authorize(bob), "oss_cancel_authorize": .cancelAuthorize(bob),
        "sminer_regnstk": .registerMiner(
            beneficiary: alice, endpoint: endpoint(1), stake: 4_000_000_000_000_000_000_000, tibCount: 1),
        "sminer_update_endpoint": .updateEndpoint(endpoint(2)),
        "sminer_increase_collateral": .increaseCollateral(of: alice, by: 1_000_000_000_000_000_000_000),
        "transfer_keep_alive": .transferKeepAlive(to: bob, amount: 12_345_678_901_234_567_890),
        "transfer_allow_death": .transferAllowDeath(to: bob, amount: 1),
        "transfer_all": .transferAll(to: bob, keepAlive: true),
        "remark": .remark([]), "remark_with_event": .remarkWithEvent(Array("cess".utf8)),
        "batch_empty": .batch([]), "force_batch_two_remarks": .forceBatch([.remark([1]), .remark([2])]),
        "upload_declaration_1_segment": upload(1), "upload_declaration_3_segments": upload(3),
        "batch_all_mint_then_declare": .batchAll([.mintTerritory(documents, gibCount: 1, days: 30), upload(1)]),
    ]

    func upload(_ count: Int) -> Call {
        let brief =
            count == 1
            ? UserBrief(user: alice, fileName: Array("report.pdf".utf8), territoryName: documents)
            : UserBrief(user: bob, fileName: Array("данные.bin".utf8), territoryName: Array("t".utf8))
        return .uploadDeclaration(
            fid, segments: segments(count), brief: brief, fileSize: count == 1 ? 1000 : 67_108_881)
    }
}()

/// Those that this program has no use for; SubstrateTests encodes them by the metadata.
private let unwritten: Set = [
    "oss_register", "oss_proxy_authorzie", "timestamp_set", "proxy_proxy", "proxy_add_non_transfer",
]

/// Every call of the vectors beside the one that this program makes.
private func comparedCalls() throws -> [(call: Call, entry: JSONObject)] {
    let entries = try JSONObject.load("cess/calls.json").cases("calls")
    #expect(entries.map { $0["name"].text }.sorted() == (Array(calls.keys) + unwritten).sorted())
    return entries.compactMap { entry in calls[entry["name"].text].map { ($0, entry) } }
}

@Test func `calls have the arguments that the chain expects`() throws {
    for (call, entry) in try comparedCalls() {
        #expect(call.pallet == entry["pallet"].text && call.name == entry["call"].text)
        let bytes = try #require([UInt8](hex: entry["hex"].text))
        let index = [entry["pallet_index"], entry["call_index"]].compactMap { $0.number?.uint8Value }
        // The bytes of calls inside need a runtime's indexes: here they are the vectors'.
        let inner = try zip(call.innerCalls, entry["args"]["calls"].items).flatMap { inner, entry in
            try #require([UInt8](hex: entry["call_index"].text)) + inner.argumentBytes
        }
        #expect(index + call.argumentBytes + inner == bytes, "\(entry["name"].text)")
    }
}

@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct CallMetadataTests {
    @Test func `calls are written for the newest runtime byte for byte`() throws {
        let metadata = try Metadata(RealMetadata.bytes())
        for (call, entry) in try comparedCalls() {
            #expect(try metadata.encode(call) == [UInt8](hex: entry["hex"].text), "\(entry["name"].text)")
        }
    }

    @Test func `a declaration is not signed for a runtime that still has buckets`() throws {
        let metadata = try Metadata(RealMetadata.bytes("metadata_v0.7.8.scale"))
        let call = try #require(calls["upload_declaration_1_segment"])
        #expect(throws: MetadataError.self) { try metadata.encode(call) }
        let mint = try #require(calls["mint_territory"])
        #expect(throws: Never.self) { try metadata.encode(mint) }
    }
}
