import Foundation
import SystemPackage

/// What a local network is made of, kept in its directory so that `start` brings back the same one.
struct LocalnetRecord: Codable, Equatable, Sendable {
    var settings: LocalnetSettings
    /// Where the chain answered last.
    var rpc: String?
    var genesis: String?
    /// By ascending number.
    var nodes: [NodeRecord] = []

    static func path(in directory: FilePath) -> FilePath { directory.appending("localnet.json") }

    /// - Returns: nil if there is no network in the directory.
    static func read(in directory: FilePath) throws -> LocalnetRecord? {
        let path = path(in: directory)
        guard let data = FileManager.default.contents(atPath: path.string) else { return nil }
        do {
            return try JSONDecoder().decode(LocalnetRecord.self, from: data)
        } catch {
            throw LocalnetError.damaged(path)
        }
    }

    func write(in directory: FilePath) throws { try writeJSON(self, to: Self.path(in: directory)) }

    subscript(number: Int) -> NodeRecord? {
        get { nodes.first { $0.number == number } }
        set {
            nodes.removeAll { $0.number == number }
            if let newValue { nodes.append(newValue) }
            nodes.sort { $0.number < $1.number }
        }
    }
}

/// What is settled when a network is made, since the chain's own constants follow from it.
struct LocalnetSettings: Codable, Equatable, Sendable {
    var blockTimeMilliseconds = 1000
    var finalityLag = 1
    /// Between two looks of a node for deals that it can report.
    var reportIntervalMilliseconds = 1000
    /// Blocks a day; nil for as many as a day has time for.
    var dayBlocks: Int?
    /// Nodes without our extensions, as cess-miner is.
    var stock = false

    /// The pace of the real network.
    static let faithful = LocalnetSettings(
        blockTimeMilliseconds: 6000, finalityLag: 3, reportIntervalMilliseconds: 30_000)
}

struct NodeRecord: Codable, Equatable, Sendable {
    var number: Int
    var directory: String
    /// Where it answered last.
    var url: String?
    var stock: Bool
}

/// What a process of the network writes into its directory once it answers.
struct ReadyFile: Codable, Equatable, Sendable {
    var process: Int32
    var url: String
    /// Of a chain.
    var genesis: String?

    static func path(in directory: FilePath) -> FilePath { directory.appending("ready.json") }

    static func read(in directory: FilePath) -> ReadyFile? {
        FileManager.default.contents(atPath: path(in: directory).string)
            .flatMap { try? JSONDecoder().decode(ReadyFile.self, from: $0) }
    }

    func write(in directory: FilePath) throws { try writeJSON(self, to: Self.path(in: directory)) }
}

/// Writes a small file so that a reader sees the old one or the new one.
func writeJSON(_ value: some Encodable, to path: FilePath) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try FileManager.default.createDirectory(
        atPath: path.removingLastComponent().string, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    try encoder.encode(value).write(to: URL(fileURLWithPath: path.string), options: .atomic)
}
