import CESS
import Primitives
import Substrate
import Testing

@testable import BlobStore

struct SharedFateTests {
    private static func node(_ number: UInt8, _ endpoint: String, beneficiary: UInt8? = nil) -> Miner {
        func account(_ byte: UInt8) -> AccountID { AccountID(SHA256.hash([byte])) }
        let info = MinerInfo(
            beneficiary: account(beneficiary ?? number), stakingAccount: account(number &+ 100),
            endpoint: Array(endpoint.utf8), collaterals: 0, state: .positive, declarationSpace: 1 << 40,
            idleSpace: 1 << 40)
        return Miner(account: account(number), info: info)
    }

    @Test func `hosts and subnets are told from addresses of every form`() {
        func places(_ endpoint: String) -> Set<SharedFate> {
            SharedFate.of(Self.node(1, endpoint)).filter {
                switch $0 {
                case .host, .subnet: true
                default: false
                }
            }
        }
        #expect(places("http://203.0.113.7:15001") == [.host("203.0.113.7"), .subnet([203, 0, 113])])
        #expect(places("203.0.113.9") == [.host("203.0.113.9"), .subnet([203, 0, 113])])
        #expect(places("https://user@Node.Example/path") == [.host("node.example")])
        #expect(places("http://[2001:db8:1::5]:80") == [.host("2001:db8:1::5"), .subnet([0x20, 1, 0xd, 0xb8, 0, 1])])
        for here in ["http://127.0.0.1:15001", "http://[::1]:1", "localhost:9"] { #expect(places(here).isEmpty) }
        #expect(places("").isEmpty)
    }

    private struct Silent: FragmentNodes {
        func probe(_ endpoint: String) async throws -> NodeCapabilities { .plain }
        func put(
            _ content: FragmentContent, hash: FragmentHash, fid: FID, to endpoint: String,
            capabilities: NodeCapabilities
        ) async throws {}
        func fragment(
            _ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String
        ) async throws -> [UInt8] { [] }
    }

    @Test func `no more than two rows go to one subnet, host or owner`() async {
        // Twelve nodes of one owner, ten in one subnet, and six that share nothing.
        let crowd =
            (0..<12).map { Self.node($0, "http://198.51.\($0).1", beneficiary: 99) }
            + (20..<30).map { Self.node($0, "http://203.0.113.\($0)") }
        let single = (40..<46).map { Self.node($0, "http://node-\($0).example") }
        let pool = NodePool(crowd + single, bytesPerRow: 1, nodes: Silent())
        #expect(await pool.hasUsable(10))
        #expect(await !pool.hasUsable(11))
        #expect(await pool.usableCount() == 10)
        var taken: Set<AccountID> = []
        while let node = await pool.next(excluding: taken) { taken.insert(node.account) }
        #expect(taken.count == 10)
        #expect(crowd.prefix(12).count { taken.contains($0.account) } == 2)
        #expect(crowd.suffix(10).count { taken.contains($0.account) } == 2)
    }

    @Test(arguments: 0..<20)
    func `rows that choose at once share a fate no more than those that choose one by one`(attempt: Int) async {
        let crowd = (0..<8).map { Self.node($0, "http://203.0.113.\($0)") }
        let single = (40..<42).map { Self.node($0, "http://node-\($0).example") }
        let pool = NodePool(crowd + single, bytesPerRow: 1, nodes: Silent())
        let volume = VolumeNodes(taken: [])
        let taken = await withTaskGroup(of: AccountID?.self) { group in
            for _ in 0..<4 { group.addTask { await volume.claim(from: pool)?.account } }
            return await group.reduce(into: Set<AccountID>()) { if let account = $1 { $0.insert(account) } }
        }
        #expect(taken.count == 4)
        #expect(crowd.count { taken.contains($0.account) } == 2)
    }
}
