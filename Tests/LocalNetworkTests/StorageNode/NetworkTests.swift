import CESS
import Foundation
import HTTPClient
import Logging
import Primitives
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

/// A local chain and nodes in this process.
private struct Network {
    let chain: CESSChain
    let client = NodeClient(httpClient: HTTPClient())
    let alice: KeyPair
    let nodes: [Node]

    struct Node: Sendable {
        let account: AccountID
        let directory: String
    }

    /// Reads again until there is something.
    func eventually<R>(_ what: String, _ read: (Bytes32) async throws -> R?) async throws -> R {
        for _ in 0..<600 {
            if let result = try await read(try await chain.bestBlock().hash) { return result }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Missing(what: what)
    }

    struct Missing: Error { let what: String }

    /// Registered nodes, once all are.
    func miners() async throws -> [Miner] {
        try await eventually("all nodes are registered") { block in
            let miners = try await chain.miners(at: block)
            return miners.count == nodes.count ? miners.sorted { $0.account < $1.account } : nil
        }
    }
}

private func withNetwork(nodes count: Int, _ body: @escaping @Sendable (Network) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var chainConfiguration = LocalChainConfiguration(directory: directory.appending(path: "chain").path)
        try FileManager.default.createDirectory(
            atPath: chainConfiguration.directory, withIntermediateDirectories: true)
        chainConfiguration.blockTime = .milliseconds(200)
        let configuration = chainConfiguration
        let (urls, url) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                defer { url.finish() }
                try await LocalChain.run(configuration) { port, _ in url.yield("http://127.0.0.1:\(port)") }
            }
            var iterator = urls.makeAsyncIterator()
            guard let rpc = await iterator.next() else { return try await group.waitForAll() }
            var nodes: [Network.Node] = []
            for number in 1...count {
                let key = try KeyPair(suri: "//Node//\(number)")
                let path = directory.appending(path: "node-\(number)").path
                nodes.append(Network.Node(account: key.accountID, directory: path))
                group.addTask {
                    var node = StorageNode.Configuration(directory: path, rpcEndpoint: rpc, key: key)
                    node.reportInterval = .milliseconds(200)
                    node.isStock = number.isMultiple(of: 2)
                    try await StorageNode.run(node, logger: silent) { _ in }
                }
            }
            let network = Network(
                chain: try await CESSChain.connect(to: [rpc], expectedGenesis: nil, httpClient: HTTPClient()),
                alice: try KeyPair(suri: "//Alice"), nodes: nodes)
            try await body(network)
        }
    }
}

struct NetworkTests {
    @Test func `a file goes from its declaration through twelve nodes' reports to completion, and away again`()
        async throws
    {
        try await withNetwork(nodes: 12) { network in
            let (chain, alice) = (network.chain, network.alice)
            let miners = try await network.miners()
            #expect(miners.allSatisfy { $0.isPositive })

            // Rows 2 and 3 are the zero fragment, as they are of short files.
            let samples = (0..<10).map { Sample(UInt8($0), byteCount: 5000) }
            var fragments = samples.map(\.hash)
            fragments.insert(contentsOf: [.zero, .zero], at: 2)
            let segment = SegmentList(hash: SegmentHash(SHA256.hash([1])), fragments: fragments)
            let fid = FID.of(segments: [segment.hash])
            let brief = UserBrief(
                user: alice.accountID, fileName: Array("name".utf8), territoryName: Array("territory".utf8))
            _ = try await chain.execute(
                .mintTerritory(Array("territory".utf8), gibCount: 1, days: 30), by: alice)
            _ = try await chain.execute(
                .uploadDeclaration(fid, segments: [segment], brief: brief, fileSize: 5000), by: alice)

            for (row, miner) in miners.enumerated() {
                let status = try await network.client.status(of: miner.endpoint)
                let content = samples.first { $0.hash == fragments[row] }?.trimmed ?? []
                try await network.client.put(
                    content, hash: fragments[row], fid: fid, to: miner.endpoint, trimmed: status.takesTrimmedBodies)
            }
            let file = try await network.eventually("the file is complete") { try await chain.file(fid, at: $0)?.value }
            let holders = file.segments[0].fragments
            #expect(Set(holders.map(\.node)).count == 12)

            let endpoints = Dictionary(uniqueKeysWithValues: miners.map { ($0.account, $0.endpoint) })
            for (row, holder) in holders.enumerated() {
                let endpoint = try #require(endpoints[holder.node])
                let content = try await network.client.fragment(fragments[row], fid: fid, from: endpoint)
                #expect(FragmentHash(SHA256.hash(content)) == fragments[row])
            }

            _ = try await chain.execute(.deleteFile(fid, owner: alice.accountID), by: alice)
            _ = try await network.eventually("the nodes have dropped the file") { _ in
                network.nodes.allSatisfy { node in
                    ["report", "file"].allSatisfy {
                        let entries = try? FileManager.default.contentsOfDirectory(atPath: node.directory + "/" + $0)
                        return entries == []
                    }
                } ? true : nil
            }
        }
    }
}
