import CESS
import Foundation
import HTTPClient
import Logging
import Primitives
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

/// A node that runs in this process on a port of its own, with a chain in memory.
private struct RunningNode {
    let url: String
    let directory: String
    let chain: MemoryNodeChain
    let client = NodeClient(httpClient: HTTPClient())
    let http = HTTPClient()
    let key: KeyPair
    let fid = FID(SHA256.hash([1]))

    var faults: NodeFaults { NodeFaults(nodeDirectory: directory) }

    /// A signed request, with headers replaced or (nil) taken away.
    func request(
        _ method: String, _ path: String = "/fragment", _ changes: [String: String?] = [:],
        body: HTTPRequest.Body = .none
    ) async throws -> HTTPResponse {
        var headers: [String: String] = [
            "Account": SS58.encode(key.accountID, prefix: SS58.cessTestnet), "Message": "message",
            "Signature": key.sign(Array("message".utf8)).hex, "Fid": fid.hex,
        ]
        for (name, value) in changes { headers[name] = value }
        return try await http.send(
            HTTPRequest(method: method, url: url + path, headers: headers.map { ($0.key, $0.value) }, body: body))
    }

    func code(_ response: HTTPResponse) throws -> String {
        let json = try JSONValue(jsonBytes: response.body)
        #expect(json["data"]?.isNull == true)
        return "\(response.status) \(json["code"]?.integer(Int.self) ?? -1) \(json["msg"]?.string ?? "")"
    }

    /// A form with one file, and the headers for it.
    func putForm(_ content: [UInt8], _ fragment: String, _ changes: [String: String?] = [:]) async throws -> String {
        var changes = changes
        changes["Fragment"] = fragment
        changes["Content-Type"] = "multipart/form-data; boundary=b"
        let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
        let response = try await request(
            "PUT", "/fragment", changes, body: .parts([Array(head.utf8), content, Array("\r\n--b--\r\n".utf8)]))
        return try code(response)
    }
}

private func withNode(
    stock: Bool = false, directory: String? = nil, interval: Duration = .milliseconds(20),
    _ body: @escaping @Sendable (RunningNode) async throws -> Void
) async throws {
    let chain = MemoryNodeChain()
    try await withTemporaryDirectory { temporary in
        let key = try KeyPair(suri: "//Node//1")
        var configuration = StorageNode.Configuration(
            directory: directory ?? temporary.appending(path: "node").path, rpcEndpoint: "http://127.0.0.1:1", key: key)
        configuration.isStock = stock
        configuration.reportInterval = interval
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { [configuration] in
                try await StorageNode.run(
                    configuration, store: try NodeStore(directory: configuration.directory), chain: chain,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                ) {
                    port.yield($0)
                }
            }
            group.addTask { [configuration] in
                for await bound in ports {
                    return try await body(
                        RunningNode(
                            url: "http://127.0.0.1:\(bound)", directory: configuration.directory, chain: chain, key: key
                        ))
                }
            }
            try await group.next()
        }
    }
}

/// Waits until something holds that the node does by itself.
private func eventually(_ condition: @Sendable () throws -> Bool) async throws {
    for _ in 0..<1000 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("it did not come about")
}

struct StorageNodeTests {
    private let sample = Sample(1)

    @Test(arguments: [false, true]) func `a fragment of a deal is taken and given back`(stock: Bool) async throws {
        try await withNode(stock: stock) { [sample] node in
            node.chain.change { $0.deals[node.fid] = .sample([[sample.hash]]) }
            try await node.client.put(sample.content, hash: sample.hash, fid: node.fid, to: node.url)
            let whole = try await node.client.fragment(sample.hash, fid: node.fid, from: node.url)
            #expect(whole == sample.content)
            for range in [0..<1, 100..<200_100, 8_388_600..<8_388_608] {
                let part = try await node.client.fragment(sample.hash, fid: node.fid, range: range, from: node.url)
                #expect(part == Array(sample.content[range]))
            }
            // Again, with nothing but its name.
            let again = try await node.putForm([], sample.hash.hex)
            #expect(again == "200 200 ok")
        }
    }

    @Test func `a trimmed body is filled up with zeros, save by a stock node`() async throws {
        let short = Sample(2, byteCount: 5000)
        for stock in [false, true] {
            try await withNode(stock: stock) { node in
                node.chain.change { $0.deals[node.fid] = .sample([[short.hash]]) }
                let status = try await node.client.status(of: node.url)
                #expect(status.takesTrimmedBodies == !stock && status.takesStandardRanges == !stock)
                if stock {
                    await #expect(throws: NodeError.refused(code: 400, message: "the fragment size is wrong")) {
                        try await node.client.put(
                            short.trimmed, hash: short.hash, fid: node.fid, to: node.url, trimmed: true)
                    }
                } else {
                    try await node.client.put(
                        short.trimmed, hash: short.hash, fid: node.fid, to: node.url, trimmed: true)
                    let whole = try await node.client.fragment(short.hash, fid: node.fid, from: node.url)
                    #expect(whole == short.content)
                }
            }
        }
    }

    @Test func `uploads are refused in the words and order of the protocol`() async throws {
        try await withNode { [sample] node in
            let hash = sample.hash.hex
            node.chain.change { $0.deals[node.fid] = .sample([[Sample(9).hash]]) }
            func put(_ content: [UInt8], _ fragment: String, _ changes: [String: String?] = [:]) async throws -> String
            {
                try await node.putForm(content, fragment, changes)
            }
            #expect(try await put([], hash, ["Signature": "00"]) == "403 403 invalid signature")
            #expect(try await put([], hash, ["Message": "other"]) == "403 403 invalid signature")
            #expect(try await put([], hash, ["Account": nil]) == "403 403 invalid signature")
            let main = SS58.encode(node.key.accountID, prefix: SS58.cessMainnet)
            #expect(try await put([], hash, ["Account": main]) == "403 403 invalid signature")
            #expect(try await put([], hash) == "200 400 the fragment size is wrong")
            #expect(try await put(sample.content + [0], hash) == "200 400 the fragment size is wrong")
            #expect(try await put(sample.content, Sample(3).hash.hex) == "200 400 the fragment hash is wrong")
            #expect(try await put(sample.content, hash) == "200 400 fragment does not match fid")
            #expect(try await put(sample.content, "") == "200 400 fragment does not match fid")
            let otherFID = FID(SHA256.hash([2])).hex
            #expect(try await put(sample.content, hash, ["Fid": otherFID]) == "200 400 fragment does not match fid")
            node.chain.change { $0.isReachable = false }
            #expect(
                try await put(sample.content, hash) == "200 403 failed to connect to rpc, please try again later.")
            let noForm = try await node.request("PUT", "/fragment", ["Fragment": hash], body: .bytes([1, 2, 3]))
            #expect(try node.code(noForm) == "200 400 request Content-Type isn't multipart/form-data")
            #expect(try FileManager.default.contentsOfDirectory(atPath: node.directory + "/tmp") == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: node.directory + "/report") == [])
        }
    }

    @Test(arguments: ["../../../../tmp/evil", "..", "/etc", String(repeating: "../", count: 21) + "a", "a\u{c4}b"])
    func `names that are paths lead nowhere`(name: String) async throws {
        try await withNode { [sample] node in
            #expect(
                try await node.putForm(sample.content, sample.hash.hex, ["Fid": name])
                    == "200 400 fragment does not match fid")
            #expect(try await node.putForm(sample.content, name) == "200 400 the fragment hash is wrong")
            #expect(
                try await node.putForm([], FragmentHash.zero.hex, ["Fid": name]) == "200 400 the fragment size is wrong"
            )
            let got = try await node.request("GET", "/fragment", ["Fid": name, "Fragment": name])
            #expect(got.status == 200)
            let answer = try node.code(got)
            #expect(!answer.contains("200 200"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: node.directory + "/report") == [])
        }
    }

    @Test func `the chain is asked for the deal when the body is there and right`() async throws {
        try await withNode { [sample] node in
            node.chain.change { $0.deals[node.fid] = .sample([[sample.hash]]) }
            _ = try await node.putForm([1], sample.hash.hex)
            _ = try await node.putForm(sample.content, Sample(3).hash.hex)
            #expect(node.chain.lookUps == 0)
            #expect(try await node.putForm(sample.content, sample.hash.hex) == "200 200 ok")
            #expect(node.chain.lookUps == 1)
        }
    }

    @Test func `a body of any length is only as long as it is`() async throws {
        try await withNode { [sample] node in
            let long = [UInt8](repeating: 7, count: 70 << 20)
            let answer = try await node.putForm(long, sample.hash.hex)
            #expect(answer == "200 400 the fragment size is wrong")
        }
    }

    @Test func `a fragment that cannot be opened is not said to be absent`() async throws {
        try await withNode(interval: .seconds(600)) { [sample] node in
            let folder = node.directory + "/file/" + node.fid.hex
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            // A socket cannot be opened: as little as anything can by a process that has too many files open.
            #expect(mknod(folder + "/" + sample.hash.hex, S_IFSOCK | 0o600, 0) == 0)
            let response = try await node.request("GET", "/fragment", ["Fragment": sample.hash.hex])
            #expect(try node.code(response) == "200 500 system error")
        }
    }

    @Test func `the zero fragment needs neither deal nor content`() async throws {
        // A long interval: without a deal, the node's own round would drop it again.
        try await withNode(interval: .seconds(600)) { node in
            try await node.client.put([], hash: .zero, fid: node.fid, to: node.url)
            let zeros = try await node.client.fragment(.zero, fid: node.fid, from: node.url)
            #expect(zeros == [UInt8](repeating: 0, count: CESSLimits.fragmentByteCount))
        }
    }

    @Test func `downloads are refused with HTTP status 200`() async throws {
        try await withNode(interval: .seconds(600)) { node in
            try await node.client.put([], hash: .zero, fid: node.fid, to: node.url)
            let zero = FragmentHash.zero.hex
            func get(_ changes: [String: String?]) async throws -> String {
                try node.code(try await node.request("GET", "/fragment", changes))
            }
            #expect(try await get([:]) == "200 400 empty fid or fragment")
            #expect(try await get(["Fragment": zero, "Fid": nil]) == "200 400 empty fid or fragment")
            #expect(try await get(["Fragment": "abc"]) == "200 400 invalid fid or fragment")
            #expect(try await get(["Fragment": zero.uppercased()]) == "200 404 not found")
            #expect(try await get(["Fragment": FID(.zero).hex]) == "200 404 not found")
            #expect(try await get(["Fragment": zero, "Range": "bytes=9-8/8"]) == "200 416 invalid range end")
            #expect(
                try await get(["Fragment": zero, "Range": "bytes=8388609-8388610/8"]) == "200 416 invalid range end")
            #expect(try await get(["Fragment": zero, "Signature": "12"]) == "403 403 invalid signature")
        }
    }

    @Test func `ranges have an exclusive end and no Content-Range, standard ones have both their ways`() async throws {
        try await withNode(interval: .seconds(600)) { node in
            try await node.client.put([], hash: .zero, fid: node.fid, to: node.url)
            let zero = FragmentHash.zero.hex
            let own = try await node.request("GET", "/fragment", ["Fragment": zero, "Range": "bytes=0-100/8388608"])
            #expect(own.status == 206 && own.body.count == 100 && own.header("content-range") == nil)
            #expect(own.header("content-type") == "application/octet-stream")
            let empty = try await node.request("GET", "/fragment", ["Fragment": zero, "Range": "bytes 5-5/1"])
            #expect(empty.status == 206 && empty.body == [])
            let standard = try await node.request("GET", "/fragment", ["Fragment": zero, "Range": "bytes=0-99"])
            #expect(standard.status == 206 && standard.body.count == 100)
            #expect(standard.header("content-range") == "bytes 0-99/8388608")
            let all = try await node.request("GET", "/fragment", ["Fragment": zero, "Range": ""])
            #expect(all.status == 200 && all.body.count == CESSLimits.fragmentByteCount)
            let whole = try await node.request("GET", "/fragment", ["Fragment": zero])
            #expect(whole.status == 200 && whole.header("accept-ranges") == "bytes")
            let modified = try #require(whole.header("last-modified"))
            let same = try await node.request(
                "GET", "/fragment", ["Fragment": zero, "If-Modified-Since": modified])
            #expect(same.status == 304 && same.body == [])
        }
        try await withNode(stock: true, interval: .seconds(600)) { node in
            try await node.client.put([], hash: .zero, fid: node.fid, to: node.url)
            let standard = try await node.request(
                "GET", "/fragment", ["Fragment": FragmentHash.zero.hex, "Range": "bytes=0-99"])
            #expect(try node.code(standard) == "200 416 invalid range request")
        }
    }

    @Test func `a message may be signed wrapped, and the signature have 0x`() async throws {
        try await withNode { node in
            let wrapped = "0x" + node.key.sign(Array("<Bytes>message</Bytes>".utf8)).hex
            let generic = SS58.encode(node.key.accountID, prefix: SS58.generic)
            let response = try await node.request("GET", "/fragment", ["Signature": wrapped, "Account": generic])
            #expect(try node.code(response) == "200 400 empty fid or fragment")
        }
    }

    @Test func `unknown routes and methods are not found, in text`() async throws {
        try await withNode { node in
            for (method, path) in [
                ("POST", "/fragment"), ("DELETE", "/fragment"), ("GET", "/"), ("GET", "/fragment/x"),
            ] {
                let response = try await node.request(method, path)
                #expect(response.status == 404)
                #expect(String(decoding: response.body, as: UTF8.self) == "404 page not found")
            }
            let preflight = try await node.request("OPTIONS", "/fragment", ["Origin": "http://a"])
            #expect(preflight.status == 204 && preflight.header("access-control-allow-origin") == "*")
        }
    }

    @Test func `the workspace can be looked at, and nothing above it`() async throws {
        try await withNode(interval: .seconds(600)) { node in
            try await node.client.put([], hash: .zero, fid: node.fid, to: node.url)
            try Data("one\ntwo\nthree".utf8).write(to: URL(filePath: node.directory + "/log"))
            try FileManager.default.createSymbolicLink(
                atPath: node.directory + "/link", withDestinationPath: "/etc/passwd")
            let list = try JSONValue(jsonBytes: try await node.request("GET", "/file/list").body)
            let names = list["data"]?.array?.compactMap { $0["Path"]?.string } ?? []
            #expect(Set(names).isSuperset(of: ["report", "file", "tmp", "log"]))
            let inner = try JSONValue(
                jsonBytes: try await node.request("GET", "/file/list?path=report/\(node.fid.hex)").body)
            #expect(inner["data"]?.array?.first?["Size"]?.integer(Int.self) == 8_388_608)
            #expect(try await node.request("GET", "/file/log").body == Array("one\ntwo\nthree".utf8))
            #expect(try await node.request("GET", "/file/log?head=1").body == Array("one".utf8))
            #expect(try await node.request("GET", "/file/log?tail=2").body == Array("two\nthree".utf8))
            for path in [
                "/file/list?path=..", "/file/list?path=%2e%2e/", "/file/list?path=/../..", "/file/..",
                "/file/%2e%2e%2fx", "/file/link", "/file/report", "/file/missing", "/file/list?path=link",
            ] {
                let response = try await node.request("GET", path)
                #expect(try node.code(response) == "200 404 not found", "\(path)")
            }
        }
    }

    @Test func `a second process is kept out of the directory`() async throws {
        try await withNode { node in
            #expect(throws: NodeStoreError.self) { try NodeStore(directory: node.directory) }
        }
    }

    @Test func `what was received half is gone after a restart, what was taken is there`() async throws {
        try await withTemporaryDirectory { directory in
            let fid = FID(SHA256.hash([1]))
            let content = sample.content
            do {
                let store = try NodeStore(directory: directory.path)
                let partial = try store.begin()
                try partial.append(content.span)
                try await store.keep(partial, fid: fid, fragment: sample.hash)
            }
            try Data([1]).write(to: directory.appending(path: "tmp/half"))
            let store = try NodeStore(directory: directory.path)
            #expect(store.awaitsReport(sample.hash, of: fid))
            #expect(store.waitingFragments(of: fid) == [sample.hash])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "tmp").path) == [])
        }
    }

    @Test func `a node that cannot read which network it belongs to does not take it for none`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try NodeStore(directory: directory.path)
            #expect(try store.genesis() == nil)
            let mark = directory.appending(path: "genesis")
            try FileManager.default.createSymbolicLink(at: mark, withDestinationURL: directory.appending(path: "gone"))
            #expect(throws: NodeStoreError.self) { try store.genesis() }
            try FileManager.default.removeItem(at: mark)
            try FileManager.default.createDirectory(at: mark, withIntermediateDirectories: false)
            #expect(throws: NodeStoreError.self) { try store.genesis() }
        }
    }

    @Test func `an upload that breaks off leaves nothing`() async throws {
        try await withNode { [sample] node in
            let task = Task {
                // A rate that never gets through: the client goes away in the middle.
                try await node.client.put(
                    sample.content, hash: sample.hash, fid: node.fid, to: node.url, sendRate: 2_000_000)
            }
            let tmp = node.directory + "/tmp"
            try await eventually { try !FileManager.default.contentsOfDirectory(atPath: tmp).isEmpty }
            task.cancel()
            await #expect(throws: NodeError.cancelled) { try await task.value }
            try await eventually { try FileManager.default.contentsOfDirectory(atPath: tmp).isEmpty }
        }
    }
}

struct NodeFaultTests {
    private let sample = Sample(1)

    private func withFault(
        _ fault: NodeFault, _ body: @escaping @Sendable (RunningNode) async throws -> Void
    ) async throws {
        try await withNode { [sample] node in
            node.chain.change { $0.deals[node.fid] = .sample([[sample.hash]]) }
            try await node.client.put(sample.content, hash: sample.hash, fid: node.fid, to: node.url)
            try node.faults.set([fault])
            try await body(node)
            try node.faults.set([])
            let whole = try await node.client.fragment(sample.hash, fid: node.fid, from: node.url)
            #expect(whole == sample.content, "without the fault everything is well again")
        }
    }

    @Test func `a refusing node refuses`() async throws {
        try await withFault(.refusing) { [sample] node in
            await #expect(throws: NodeError.refused(code: 403, message: "invalid signature")) {
                try await node.client.fragment(sample.hash, fid: node.fid, from: node.url)
            }
        }
    }

    @Test func `a corrupting node gives wrong bytes, whole and in part`() async throws {
        try await withFault(.corrupting) { [sample] node in
            await #expect(throws: NodeError.corrupt) {
                try await node.client.fragment(sample.hash, fid: node.fid, from: node.url)
            }
            let part = try await node.client.fragment(sample.hash, fid: node.fid, range: 10..<20, from: node.url)
            #expect(part != Array(sample.content[10..<20]))
        }
    }

    @Test func `a node that lies about ranges gives others of the same length`() async throws {
        try await withFault(.lyingAboutRanges) { [sample] node in
            for range in [0..<100, 4000..<4100, 8_388_508..<8_388_608] {
                let part = try await node.client.fragment(sample.hash, fid: node.fid, range: range, from: node.url)
                #expect(part.count == 100 && part != Array(sample.content[range]))
            }
        }
    }

    @Test func `JSON in the place of data is seen`() async throws {
        try await withFault(.jsonInsteadOfData) { [sample] node in
            await #expect(throws: NodeError.refused(code: 500, message: "system error")) {
                try await node.client.fragment(sample.hash, fid: node.fid, from: node.url)
            }
        }
    }

    @Test func `a dead node does not answer`() async throws {
        var deadlines = NodeClient.Deadlines()
        deadlines.status = .milliseconds(100)
        let client = NodeClient(httpClient: HTTPClient(), deadlines: deadlines)
        try await withFault(.dead) { node in
            await #expect(throws: NodeError.timedOut) { try await client.status(of: node.url) }
        }
    }

    @Test func `a slow node still gives what it has`() async throws {
        try await withFault(.slow) { [sample] node in
            let part = try await node.client.fragment(sample.hash, fid: node.fid, range: 5..<70_000, from: node.url)
            #expect(part == Array(sample.content[5..<70_000]))
        }
    }
}

struct NodeReporterTests {
    private let account = AccountID(.zero)
    private let fid = FID(SHA256.hash([7]))

    private struct Bench {
        let store: NodeStore
        let chain = MemoryNodeChain()
        let faults: NodeFaults
        var reporter: NodeReporter

        init(_ directory: String, account: AccountID, endpoint: String = "http://node") throws {
            store = try NodeStore(directory: directory)
            faults = NodeFaults(nodeDirectory: directory)
            reporter = NodeReporter(
                store: store, chain: chain, faults: faults,
                state: NodeState(account: account, endpoint: endpoint, rpcEndpoint: ""), picksInOrder: true,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func keep(_ fid: FID, _ samples: Sample...) async throws {
            for sample in samples {
                let partial = try store.begin()
                try partial.append(sample.content.span)
                try await store.keep(partial, fid: fid, fragment: sample.hash)
            }
        }

        mutating func workInNextBlock() async throws -> [Call] {
            chain.change {
                $0.calls = []
                $0.height += 1
            }
            try await reporter.work()
            return chain.calls
        }

        /// What the node submits in the next round.
        mutating func expect(_ calls: [Call], sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let made = try await workInNextBlock()
            #expect(made == calls, sourceLocation: sourceLocation)
        }

        mutating func expect(names: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let made = try await workInNextBlock()
            #expect(made.map(\.name) == names, sourceLocation: sourceLocation)
        }
    }

    private func withBench(_ body: (inout Bench) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            var bench = try Bench(directory.path, account: account)
            bench.chain.change { $0.registration = .sample(account, endpoint: "http://node") }
            try await body(&bench)
        }
    }

    @Test func `a node registers itself, and its new endpoint`() async throws {
        try await withBench { bench in
            bench.chain.change { $0.registration = nil }
            try await bench.expect(names: ["regnstk"])
            try await bench.expect(names: [])
            bench.chain.change { $0.registration = .sample(account, endpoint: "http://old") }
            for _ in 0..<8 { try await bench.expect(names: []) }
            try await bench.expect(names: ["update_endpoint"])
        }
    }

    @Test func `a row is reported once every fragment of it is there, and one row a deal`() async throws {
        let (a, b, c) = (Sample(1), Sample(2), Sample(3))
        try await withBench { bench in
            bench.chain.change { $0.deals[fid] = .sample([[a.hash, c.hash], [b.hash, c.hash]]) }
            try await bench.keep(fid, a)
            try await bench.expect([])
            try await bench.keep(fid, b, c)
            try await bench.expect([.transferReport(fid, row: 0)])
            try await bench.expect([])
            bench.chain.change { $0.deals[fid]?.completed = [CompleteInfo(row: 0, node: account)] }
            for _ in 0..<10 { try await bench.expect([]) }
        }
    }

    @Test func `a report without effect is followed by the next row, and then by the first again`() async throws {
        let (a, b) = (Sample(1), Sample(2))
        try await withBench { bench in
            bench.chain.change { $0.deals[fid] = .sample([[a.hash, b.hash]]) }
            try await bench.keep(fid, a, b)
            var rows: [Call] = []
            for _ in 0..<9 { rows += try await bench.workInNextBlock() }
            #expect(
                rows == [
                    .transferReport(fid, row: 0), .transferReport(fid, row: 1), .transferReport(fid, row: 0),
                ])
        }
    }

    @Test func `a row that another node has reported is left to it`() async throws {
        let (a, b) = (Sample(1), Sample(2))
        let other = AccountID(SHA256.hash([]))
        try await withBench { bench in
            bench.chain.change {
                $0.deals[fid] = .sample([[a.hash, b.hash]], completed: [CompleteInfo(row: 0, node: other)])
            }
            try await bench.keep(fid, a, b)
            try await bench.expect([.transferReport(fid, row: 1)])
        }
    }

    @Test func `a row that another node takes first is given up at once`() async throws {
        let a = Sample(1)
        let other = AccountID(SHA256.hash([]))
        try await withBench { bench in
            bench.chain.change { $0.deals[fid] = .sample([[a.hash, a.hash, a.hash]]) }
            try await bench.keep(fid, a)
            try await bench.expect([.transferReport(fid, row: 0)])
            bench.chain.change { $0.deals[fid]?.completed = [CompleteInfo(row: 0, node: other)] }
            try await bench.expect([.transferReport(fid, row: 1)])
        }
    }

    @Test func `of a complete file the own fragments stay and the others go`() async throws {
        let (a, b) = (Sample(1), Sample(2))
        let other = AccountID(SHA256.hash([]))
        try await withBench { bench in
            try await bench.keep(fid, a, b)
            bench.chain.change {
                $0.files[fid] = FileInfo(
                    segments: [
                        SegmentInfo(
                            hash: SegmentHash(.zero),
                            fragments: [
                                FragmentInfo(hash: a.hash, node: account), FragmentInfo(hash: b.hash, node: other),
                            ])
                    ], owners: [], fileSize: 1, completion: 1)
            }
            try await bench.expect([])
            #expect(bench.store.waiting() == [] && bench.store.stored() == [fid])
            let kept = try #require(try bench.store.openFragment(a.hash, of: fid))
            close(kept.descriptor)
            #expect(try bench.store.openFragment(b.hash, of: fid) == nil)
            for _ in 0..<25 { _ = try await bench.workInNextBlock() }
            #expect(bench.store.stored() == [fid])
            bench.chain.change { $0.files = [:] }
            for _ in 0..<25 { _ = try await bench.workInNextBlock() }
            #expect(bench.store.stored() == [], "a deleted file is dropped later")
        }
    }

    @Test func `what is stored is reported again when the chain has lost its file and the deal is open`() async throws {
        let (a, b) = (Sample(1), Sample(2))
        let other = AccountID(SHA256.hash([]))
        try await withBench { bench in
            try await bench.keep(fid, a)
            try await bench.store.settle([a.hash], of: fid, keeping: [a.hash])
            bench.chain.change {
                $0.deals[fid] = .sample([[b.hash, a.hash]], completed: [CompleteInfo(row: 0, node: other)])
            }
            var calls: [Call] = []
            for _ in 0..<12 { calls += try await bench.workInNextBlock() }
            #expect(calls.first == .transferReport(fid, row: 1))
            bench.chain.change { $0.deals[fid]?.completed.append(CompleteInfo(row: 1, node: account)) }
            for _ in 0..<12 { try await bench.expect([]) }
            #expect(bench.store.storedFragments(of: fid) == [a.hash])
        }
    }

    @Test func `a folder that cannot be written does not keep the others from being settled`() async throws {
        let fids = (0..<3).map { FID(SHA256.hash([UInt8($0)])) }.sorted()
        try await withBench { bench in
            for fid in fids {
                try await bench.keep(fid, Sample(1))
                bench.chain.change {
                    $0.files[fid] = FileInfo(
                        segments: [
                            SegmentInfo(
                                hash: SegmentHash(.zero),
                                fragments: [FragmentInfo(hash: Sample(1).hash, node: account)])
                        ], owners: [], fileSize: 1, completion: 1)
                }
            }
            // A file where the first one's folder should be made.
            try Data().write(to: URL(filePath: bench.store.directory + "/file/" + fids[0].hex))
            try await bench.expect([])
            #expect(bench.store.waiting() == [fids[0]])
        }
    }

    @Test func `what the chain has and nobody can read is neither reported nor dropped`() async throws {
        let a = Sample(1)
        for isFile in [false, true] {
            try await withBench { bench in
                try await bench.keep(fid, a)
                bench.chain.change {
                    $0.unreadable = [fid]
                    $0.deals[fid] = .sample([[a.hash]])
                    if isFile {
                        $0.files[fid] = FileInfo(segments: [], owners: [], fileSize: 1, completion: 1)
                    }
                }
                for _ in 0..<12 { try await bench.expect([]) }
                #expect(bench.store.waitingFragments(of: fid) == [a.hash])
            }
        }
    }

    @Test func `fragments of neither file nor deal go`() async throws {
        try await withBench { bench in
            try await bench.keep(fid, Sample(1))
            try await bench.expect([])
            #expect(bench.store.waiting() == [])
        }
    }

    @Test func `a node that is not positive, or never reports, reports nothing`() async throws {
        let a = Sample(1)
        try await withBench { bench in
            bench.chain.change {
                $0.deals[fid] = .sample([[a.hash]])
                $0.registration = .sample(account, endpoint: "http://node", state: .frozen)
            }
            try await bench.keep(fid, a)
            try await bench.expect([])
            bench.chain.change { $0.registration = .sample(account, endpoint: "http://node") }
            try bench.faults.set([.neverReporting])
            try await bench.expect([])
            try bench.faults.set([])
            try await bench.expect([.transferReport(fid, row: 0)])
        }
    }

    @Test func `a chain that cannot be asked changes nothing`() async throws {
        try await withBench { bench in
            try await bench.keep(fid, Sample(1))
            bench.chain.change { $0.isReachable = false }
            await #expect(throws: MemoryNodeChain.Unreachable.self) { try await bench.reporter.work() }
            #expect(bench.store.waiting() == [fid])
        }
    }
}
