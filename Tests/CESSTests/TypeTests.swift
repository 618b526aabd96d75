import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

@Suite struct TypeTests {
    /// The Swift type of each storage item in the vectors.
    static var types: [String: any (ScaleCodable & Equatable).Type] {
        [
            "File": FileInfo.self, "DealMap": DealInfo.self, "UserHoldFileList": List<UserFileSliceInfo>.self,
            "RestoralOrder": RestoralOrderInfo.self, "Territory": TerritoryInfo.self, "TerritoryKey": TerritoryKey.self,
            "Consignment": ConsignmentInfo.self, "PayOrder": OrderInfo.self, "AllMiner": List<AccountID>.self,
            "MinerItems": MinerInfo.self, "RestoralTarget": RestoralTargetInfo.self,
            "AuthorityList": List<AccountID>.self, "Oss": OssInfo.self, "Account": AccountInfo.self,
        ]
    }

    @Test func `storage values are read and written without a byte changed`() throws {
        var read: Set<String> = []
        for entry in try JSONObject.load("cess/storage_values.json")["values"].items {
            guard let type = Self.types[entry["item"].text] else { continue }
            try expectRoundTrip(type, try #require([UInt8](hex: entry["hex"].text)))
            read.insert(entry["item"].text)
        }
        #expect(read == Set(Self.types.keys))
    }

    @Test func `the fields of storage values are what the chain put there`() throws {
        let entries = try JSONObject.load("cess/storage_values.json")["values"].items
        func value<T: ScaleDecodable>(_ item: String, _ note: String, as type: T.Type = T.self) throws -> (
            T, JSONObject
        ) {
            let entry = try #require(entries.first { $0["item"].text == item && $0["note"].text == note })
            return (try T(scaleBytes: try #require([UInt8](hex: entry["hex"].text))), entry["value"])
        }
        let (file, fileJSON) = try value("File", "two segments, two owners", as: FileInfo.self)
        #expect(file.segments.count == 2 && file.owners.count == 2)
        #expect(file.segments.allSatisfy { $0.fragments.count == 12 })
        #expect("\(file.fileSize)" == "\(fileJSON["file_size"].value)")
        #expect(file.state == .active && file.completion == fileJSON["completion"].number?.uint32Value)
        let (deal, _) = try value("DealMap", "two reports", as: DealInfo.self)
        #expect(deal.completed.count == 2 && deal.completed.allSatisfy { 0..<12 ~= $0.row })
        let (territory, _) = try value("Territory", "frozen", as: TerritoryInfo.self)
        #expect(territory.state == .frozen && territory.deadline == 1_432_000)
        #expect(territory.remainingSpace == 872_415_232 && territory.hasRoom(forSegments: 8))
        #expect(!territory.hasRoom(forSegments: 9))
        let (miner, _) = try value("MinerItems", "positive, with space proof", as: MinerInfo.self)
        #expect(miner.state == .positive && miner.spaceProof != nil)
        let node = Miner(account: AccountID(.zero), info: miner)
        #expect(node.isPositive && node.endpoint == "http://10.0.0.1:15001")
        let (unready, _) = try value("MinerItems", "not ready", as: MinerInfo.self)
        #expect(unready.state == .notReady && "\(unready.state)" == "not ready")
        let (account, _) = try value("Account", "", as: AccountInfo.self)
        #expect(account.nonce == 7 && account.free == 123_456_789_000_000_000_000_000)
        #expect(account.spendable(existentialDeposit: 1 << 60) == account.free - 1 << 60)
        let defaults = try JSONObject.load("cess/storage_values.json")["defaults_for_missing_keys"].items
        #expect(AccountInfo.absent.scaleBytes == [UInt8](hex: defaults[0]["default"].text))
    }

    @Test func `every cut and every altered byte of a value gives an error or a value`() throws {
        for entry in try JSONObject.load("cess/storage_values.json")["values"].items {
            guard let type = Self.types[entry["item"].text], let bytes = [UInt8](hex: entry["hex"].text) else {
                continue
            }
            for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
                #expect(throws: ScaleError.self) { try decode(type, Array(bytes[..<count])) }
            }
            #expect(throws: ScaleError.self) { try decode(type, bytes + [0]) }
            for position in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
                var altered = bytes
                altered[position] = 0xff
                _ = try? decode(type, altered)
            }
        }
    }

    @Test func `bounds of the chain are bounds here`() {
        let long = [UInt8](repeating: 97, count: 64)
        let account = AccountID(.zero)
        expectRefused(UserBrief(user: account, fileName: long, territoryName: []))
        expectRefused(UserBrief(user: account, fileName: [], territoryName: long))
        let segment = SegmentList(hash: .zero, fragments: Array(repeating: .zero, count: 13))
        expectRefused(segment)
        let brief = UserBrief(user: account, fileName: [1, 2, 3], territoryName: [])
        let segments = Array(repeating: SegmentList(hash: .zero, fragments: []), count: 1001)
        expectRefused(DealInfo(fileSize: 1, segments: segments, user: brief))
        expectRefused(TerritoryKey(owner: account, name: long))
    }

    @Test(arguments: [[0], [13], [255]] as [[UInt8]])
    func `a row that does not exist is refused`(index: [UInt8]) {
        #expect(throws: ScaleError.self) { try CompleteInfo(scaleBytes: index + AccountID(.zero).scaleBytes) }
    }

    @Test func `an enum has only the variants that the chain has`() {
        for type in [FileState.self, TerritoryState.self] as [any ScaleDecodable.Type] {
            #expect(throws: ScaleError.self) { try decode(type, [4]) }
        }
        #expect(throws: ScaleError.self) { try OrderType(scaleBytes: [3]) }
    }

    @Test func `what a frozen balance leaves is what can be spent`() {
        #expect(AccountInfo(free: 10).spendable(existentialDeposit: 1) == 9)
        #expect(AccountInfo(free: 10, frozen: 4).spendable(existentialDeposit: 1) == 6)
        #expect(AccountInfo(free: 10, reserved: 3, frozen: 5).spendable(existentialDeposit: 1) == 8)
        #expect(AccountInfo(free: 1).spendable(existentialDeposit: 5) == 0)
        #expect(AccountInfo(free: 1, frozen: .max).spendable(existentialDeposit: 5) == 0)
    }

    private func expectRefused(_ value: some ScaleCodable) {
        #expect(throws: ScaleError.self) { try decode(Swift.type(of: value), value.scaleBytes) }
    }

    private func decode(_ type: any ScaleDecodable.Type, _ bytes: [UInt8]) throws {
        _ = try type.init(scaleBytes: bytes)
    }

    private func expectRoundTrip<T: ScaleCodable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) throws {
        #expect(try T(scaleBytes: bytes).scaleBytes == bytes)
    }
}

/// A vector of values as one value.
private struct List<Item: ScaleCodable & Equatable>: ScaleCodable, Equatable {
    let items: [Item]

    init(from decoder: inout ScaleDecoder) throws(ScaleError) { items = try decoder.vector() }
    func encode(to encoder: inout ScaleEncoder) { encoder.vector(items) }
}
