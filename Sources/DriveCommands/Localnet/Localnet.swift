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
    /// - Throws: `LocalnetError.otherRuns` while `--network local` is another network: its drives would not be found any more.
    func start(settings: LocalnetSettings?, nodeCount: Int?) async throws {
        try checkNoOtherRuns()
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
        _ = try record()  // where there is no network, no directory for it is made
        try await locked { try await stop(try record()) }
    }

    /// Stops the network and deletes it with all that it holds.
    ///
    /// - Throws: `LocalnetError.inUse`, before anything is deleted, if a process does not go.
    func reset() async throws {
        try await locked {
            let record = try? self.record()
            try await stop(record)
            for process in processes(record) where try process.isRunning {
                throw LocalnetError.inUse(process.directory)
            }
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
            try await end(nodes, by: signal)
        }
    }

    /// Adds a node to the running network.
    ///
    /// - Parameters:
    ///   - number: nil for the next free one.
    ///   - parent: a directory, on another disk perhaps, in which the node makes its own; nil for the network's.
    /// - Returns: its number.
    /// - Throws: `LocalnetError.exists` if its directory is there, since another network's node may live in it. A node that
    ///   does not come up leaves nothing.
    func addNode(_ number: Int?, in parent: FilePath?, stock: Bool) async throws -> Int {
        try await locked {
            var record = try self.record()
            let next = (record.nodes.last?.number ?? 0) + 1
            let number = number ?? next
            guard record[number] == nil else { throw LocalnetError.nodeExists(number, next: next) }
            guard try chain(record).isRunning else { throw LocalnetError.notRunning("the chain") }
            let parent = parent.map { FilePath(URL(fileURLWithPath: $0.string).standardizedFileURL.path) }
            let place = parent?.appending("cessdrive-node-\(number)") ?? nodeDirectory(number)
            guard !FileManager.default.fileExists(atPath: place.string) else { throw LocalnetError.exists(place) }
            let node = NodeRecord(number: number, directory: place.string, stock: stock || record.settings.stock)
            record[number] = node
            try record.write(in: directory)
            do { try await startNodes([number], &record) } catch {
                // A task of its own, since this one may be cancelled and its waits would end at once; awaited here.
                await Task { [record] in try? await discard(node, record) }.value
                throw error
            }
            return number
        }
    }

    /// Undoes the addition of a node.
    private func discard(_ node: NodeRecord, _ record: LocalnetRecord) async throws {
        var record = record
        record[node.number] = nil
        try record.write(in: directory)
        try await end([process(of: node, record)], by: SIGTERM)
        try FileManager.default.removeItem(atPath: node.directory)
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
    private func checkNoOtherRuns() throws {
        guard let address = try? LocalNetworkAddress.read(at: addressFile), address.directory != directory.string else {
            return
        }
        let other = FilePath(address.directory)
        let chain = LocalnetProcess(name: "the chain", directory: other.appending("chain"), arguments: [], port: 0)
        if try chain.isRunning { throw LocalnetError.otherRuns(other) }
    }

    private func startChain(_ settings: LocalnetSettings?) async throws -> LocalnetRecord {
        var record = try LocalnetRecord.read(in: directory) ?? LocalnetRecord(settings: settings ?? LocalnetSettings())
        if let settings, settings != record.settings { throw LocalnetError.otherSettings(directory) }
        try record.write(in: directory)
        let ready = try await chain(record).start()
        // Nodes that still run would go on asking where nobody answers any more. Before the record says otherwise, so that
        // the next `start` does it if this one is ended here.
        if let former = record.rpc, former != ready.url {
            try await end(nodeProcesses(record), by: SIGTERM)
        }
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

    // MARK: Processes

    /// Stops everything that works in the network's directories.
    private func stop(_ record: LocalnetRecord?) async throws {
        try await end(nodeProcesses(record), by: SIGTERM)
        try await end([chain(record)], by: SIGTERM)
    }

    private func end(_ processes: [LocalnetProcess], by signal: Int32) async throws {
        for process in processes { try process.signal(signal) }
        for process in processes { try await process.waitUntilGone() }
    }

    /// All that there can be, the chain last.
    private func processes(_ record: LocalnetRecord?) -> [LocalnetProcess] {
        nodeProcesses(record) + [chain(record)]
    }

    /// The recorded nodes, and those that a lost record or an interrupted command left in the network's directory.
    private func nodeProcesses(_ record: LocalnetRecord?) -> [LocalnetProcess] {
        let known = record.map { record in record.nodes.map { process(of: $0, record) } } ?? []
        let folder = directory.appending("nodes")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []  // it may not be there
        let found = names.map { name in
            LocalnetProcess(name: "node \(name)", directory: folder.appending(name), arguments: [], port: 0)
        }
        return known + found.filter { other in !known.contains { $0.directory == other.directory } }
    }

    private func nodeDirectory(_ number: Int) -> FilePath {
        directory.appending("nodes").appending(String(number))
    }

    /// - Parameter record: nil where it is not to be started.
    private func chain(_ record: LocalnetRecord?) -> LocalnetProcess {
        let settings = record?.settings ?? LocalnetSettings()
        var arguments = ["chain", "run", "--dir", directory.appending("chain").string]
        arguments += [
            "--block-time", "\(settings.blockTimeMilliseconds)ms", "--finality-lag", "\(settings.finalityLag)",
        ]
        if let days = settings.dayBlocks { arguments += ["--day-blocks", "\(days)"] }
        return LocalnetProcess(
            name: "the chain", directory: directory.appending("chain"), arguments: arguments,
            port: Self.port(of: record?.rpc))
    }

    private func process(of node: NodeRecord, _ record: LocalnetRecord) -> LocalnetProcess {
        var arguments = [
            "node", "run", "--dir", node.directory, "--rpc", record.rpc ?? "", "--number", "\(node.number)",
        ]
        if let genesis = record.genesis { arguments += ["--genesis", genesis] }
        arguments += ["--report-interval", "\(record.settings.reportIntervalMilliseconds)ms"]
        if node.stock { arguments.append("--stock") }
        return LocalnetProcess(
            name: "node \(node.number)", directory: FilePath(node.directory), arguments: arguments,
            port: Self.port(of: node.url))
    }

    private static func port(of url: String?) -> Int { url.flatMap { URLComponents(string: $0)?.port } ?? 0 }

    /// Runs `work` while no other command changes the network.
    private func locked<Result>(_ work: () async throws -> Result) async throws -> Result {
        try makePrivateDirectory(directory)
        let lock = ProcessLock(path: directory.appending("localnet.lock"))
        guard let file = try await waitFor(.seconds(120), { try lock.take() }) else {
            throw LocalnetError.busy(directory)
        }
        defer { try? file.close() }
        return try await work()
    }
}
