import Foundation
import Glibc
import LocalNetwork
import SystemPackage

/// The supervisor of the local network: it starts and stops processes and remembers them, but is none itself.
///
/// Nothing depends on it staying alive. Who runs is told by locks that the system frees, so that any process, this one
/// included, may be killed at any moment and the next `start` goes on from what there is.
struct Localnet: Sendable {
    let directory: FilePath
    /// What `--network local` reads.
    let addressFile: FilePath

    /// - Parameter directory: nil for that of the network started last, else the usual one.
    init(directory: FilePath?, paths: Paths) {
        addressFile = paths.localNetworkFile
        if let directory {
            self.directory = FilePath(URL(fileURLWithPath: directory.string).standardizedFileURL.path)
        } else if let address = try? LocalNetworkAddress.read(at: paths.localNetworkFile) {
            self.directory = FilePath(address.directory)
        } else {
            self.directory = paths.localNetwork
        }
    }

    /// Starts what does not run: the chain, then the nodes, all at once; waits until every node is on the chain.
    ///
    /// - Parameters:
    ///   - settings: of a new network; nil for the usual ones, or for those that the network has.
    ///   - nodeCount: how many nodes there are to be at least; nil for 15, or as many as there are.
    func start(settings: LocalnetSettings?, nodeCount: Int?) async throws {
        try await locked {
            var record = try await startChain(settings)
            let wanted = nodeCount ?? (record.nodes.isEmpty ? 15 : 0)
            for number in 0..<wanted where record[number + 1] == nil {
                record[number + 1] = NodeRecord(
                    number: number + 1, directory: nodeDirectory(number + 1).string, stock: record.settings.stock)
            }
            try record.write(in: directory)
            try await startNodes(record.nodes.map(\.number), &record)
        }
    }

    /// Stops the nodes, then the chain. What is not running is no error.
    func stop() async throws {
        let record = try self.record()
        try await locked {
            let nodes = record.nodes.map { process(of: $0, record) }
            for node in nodes { try node.signal(SIGTERM) }
            for node in nodes { try await node.waitUntilGone() }
            let chain = chain(record)
            try chain.signal(SIGTERM)
            try await chain.waitUntilGone()
        }
    }

    /// Stops the network and deletes it with all that it holds.
    func reset() async throws {
        let record = try? self.record()
        if record != nil { try await stop() }
        try await locked {
            let outside = (record?.nodes ?? []).map { FilePath($0.directory) }
            let ours = [directory.appending("chain"), directory.appending("nodes"), LocalnetRecord.path(in: directory)]
            for path in outside + ours where FileManager.default.fileExists(atPath: path.string) {
                try FileManager.default.removeItem(atPath: path.string)
            }
            if let address = try? LocalNetworkAddress.read(at: addressFile), address.directory == directory.string {
                try FileManager.default.removeItem(atPath: addressFile.string)
            }
        }
    }

    func startNodes(_ numbers: [Int]) async throws {
        try await locked {
            var record = try self.record()
            for number in numbers where record[number] == nil { throw LocalnetError.noNode(number) }
            guard try chain(record).isRunning else { throw LocalnetError.notRunning("the chain") }
            try await startNodes(numbers, &record)
        }
    }

    /// - Parameter signal: SIGTERM to let the nodes finish what they are at, SIGKILL not to.
    func stopNodes(_ numbers: [Int], signal: Int32) async throws {
        try await locked {
            let record = try self.record()
            let nodes = try numbers.map { number in
                guard let node = record[number] else { throw LocalnetError.noNode(number) }
                return process(of: node, record)
            }
            for node in nodes { try node.signal(signal) }
            for node in nodes { try await node.waitUntilGone() }
        }
    }

    /// Adds a node to the running network.
    ///
    /// - Parameters:
    ///   - number: nil for the next free one.
    ///   - parent: a directory, on another disk perhaps, in which the node makes its own; nil for the network's.
    /// - Returns: its number.
    func addNode(_ number: Int?, in parent: FilePath?, stock: Bool) async throws -> Int {
        try await locked {
            var record = try self.record()
            let next = (record.nodes.last?.number ?? 0) + 1
            let number = number ?? next
            guard record[number] == nil else { throw LocalnetError.nodeExists(number, next: next) }
            guard try chain(record).isRunning else { throw LocalnetError.notRunning("the chain") }
            let parent = parent.map { FilePath(URL(fileURLWithPath: $0.string).standardizedFileURL.path) }
            let place = parent?.appending("cessdrive-node-\(number)") ?? nodeDirectory(number)
            record[number] = NodeRecord(
                number: number, directory: place.string, stock: stock || record.settings.stock)
            try record.write(in: directory)
            try await startNodes([number], &record)
            return number
        }
    }

    /// Lets a node misbehave from the next request on, whether or not it runs; with no faults, behave again.
    func setFaults(_ faults: Set<NodeFault>, of number: Int) throws {
        guard let node = try record()[number] else { throw LocalnetError.noNode(number) }
        try makePrivateDirectory(FilePath(node.directory))
        try NodeFaults(nodeDirectory: node.directory).set(faults)
    }

    func status() throws -> LocalnetStatus {
        let record = try self.record()
        let faults = record.nodes.map { ($0.number, NodeFaults(nodeDirectory: $0.directory).current) }
        return LocalnetStatus(
            record: record, directory: directory, chainRuns: try chain(record).isRunning,
            faults: Dictionary(uniqueKeysWithValues: faults),
            running: Set(
                try record.nodes.filter { try process(of: $0, record).isRunning }.map(\.number)))
    }

    func record() throws -> LocalnetRecord {
        guard let record = try LocalnetRecord.read(in: directory) else { throw LocalnetError.none(directory) }
        return record
    }
}

extension Localnet {
    private func startChain(_ settings: LocalnetSettings?) async throws -> LocalnetRecord {
        var record = try LocalnetRecord.read(in: directory) ?? LocalnetRecord(settings: settings ?? LocalnetSettings())
        if let settings, settings != record.settings { throw LocalnetError.otherSettings(directory) }
        try record.write(in: directory)
        let ready = try await chain(record).start()
        record.rpc = ready.url
        record.genesis = ready.genesis
        try record.write(in: directory)
        let address = LocalNetworkAddress(
            rpc: ready.url, genesis: ready.genesis ?? "", directory: directory.string)
        try writeJSON(address, to: addressFile)
        return record
    }

    private func startNodes(_ numbers: [Int], _ record: inout LocalnetRecord) async throws {
        for number in numbers where number > Self.endowedNodeCount && record[number]?.url == nil {
            try await endow(node: number, record)
        }
        let processes = numbers.compactMap { number in record[number].map { (number, process(of: $0, record)) } }
        let started = try await withThrowingTaskGroup(of: (Int, ReadyFile).self) { group in
            for (number, process) in processes { group.addTask { (number, try await process.start()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, ready) in started { record[number]?.url = ready.url }
        try record.write(in: directory)
        try await waitUntilRegistered(started.map { ($0.0, $0.1.url) }, record)
    }

    private func nodeDirectory(_ number: Int) -> FilePath {
        directory.appending("nodes").appending(String(number))
    }

    private func chain(_ record: LocalnetRecord) -> LocalnetProcess {
        let settings = record.settings
        var arguments = ["chain", "run", "--dir", directory.appending("chain").string]
        arguments += [
            "--block-time", "\(settings.blockTimeMilliseconds)ms", "--finality-lag", "\(settings.finalityLag)",
        ]
        if let days = settings.dayBlocks { arguments += ["--day-blocks", "\(days)"] }
        return LocalnetProcess(
            name: "the chain", directory: directory.appending("chain"), arguments: arguments,
            port: Self.port(of: record.rpc))
    }

    private func process(of node: NodeRecord, _ record: LocalnetRecord) -> LocalnetProcess {
        var arguments = [
            "node", "run", "--dir", node.directory, "--rpc", record.rpc ?? "", "--number", "\(node.number)",
        ]
        arguments += ["--report-interval", "\(record.settings.reportIntervalMilliseconds)ms"]
        if node.stock { arguments.append("--stock") }
        return LocalnetProcess(
            name: "node \(node.number)", directory: FilePath(node.directory), arguments: arguments,
            port: Self.port(of: node.url))
    }

    private static func port(of url: String?) -> Int { url.flatMap { URLComponents(string: $0)?.port } ?? 0 }

    /// Runs `work` while no other command changes the network.
    private func locked<Result>(_ work: () async throws -> Result) async throws -> Result {
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = ProcessLock(path: directory.appending("localnet.lock"))
        guard let file = try await waitFor(.seconds(120), { try lock.take() }) else {
            throw LocalnetError.busy(directory)
        }
        defer { try? file.close() }
        return try await work()
    }
}
