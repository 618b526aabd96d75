import BlobStore
import CESS
import DriveFormat
import Foundation
import Logging
import Primitives
import Sealing
import Substrate
import SystemPackage
import TestSupport

@testable import Drive

/// A phrase, a network in memory, and a directory for the homes of its machines.
struct DriveFixture: Sendable {
    let network: MemoryNetwork
    let directory: URL
    let root: RootKeys
    let driveID = Bytes16.random()
    let device = DeviceKeys.random()

    /// Lends a fixture whose account has a territory, and removes its directory afterwards.
    static func with<R>(
        nodes: Int = 15, territory: UInt128? = 1 << 40, _ body: (DriveFixture) async throws -> R
    ) async throws -> R {
        try await withTemporaryDirectory { directory in
            let root = RootKeys(seed64: Secret(copying: [UInt8].pattern(count: 64).span))
            let network = MemoryNetwork(nodes: nodes, isHashing: false)
            let fixture = DriveFixture(network: network, directory: directory, root: root)
            if let territory {
                network.addTerritory(of: fixture.account, named: root.territoryName, byteCount: territory)
            }
            return try await body(fixture)
        }
    }

    var account: AccountID { KeyPair(miniSecret: root.accountMiniSecret).accountID }

    /// A new process of a machine: `home` says which, the device's keys are of its own.
    func drive(
        home: String = "first", device: DeviceKeys? = nil, id: Bytes16? = nil, segmentsPerVolume: Int = 16,
        partialLimit: Int = Folding.partialLimit, through network: (any StorageChain & FragmentNodes)? = nil
    ) throws -> Drive {
        let keys = DailyKeys(
            root: root, driveID: id ?? driveID, device: device ?? self.device, driveName: "main",
            network: NetworkLabel(name: "memory", genesis: "", endpoint: ""))
        let drives = FilePath(directory.appending(path: "drives").path)
        let home = try DriveHome(name: home, in: drives)
        try home.create()
        let network = network ?? self.network
        return try Drive(
            home: home, keys: keys, chain: network, nodes: network, segmentsPerVolume: segmentsPerVolume,
            partialLimit: partialLimit)
    }

    /// A drive with its first commit.
    func created(segmentsPerVolume: Int = 16, partialLimit: Int = Folding.partialLimit) async throws -> Drive {
        let drive = try drive(segmentsPerVolume: segmentsPerVolume, partialLimit: partialLimit)
        _ = try await drive.create(ChangeOptions())
        return drive
    }

    func path(_ name: String) -> URL { directory.appending(path: name) }

    /// Writes a file of this machine; its path as `put` takes it.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> [UInt8] {
        let url = path(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return Array(url.path.utf8)
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: path(name))) }
}

extension Drive {
    func put(_ source: [UInt8], to path: String, options: ChangeOptions = ChangeOptions()) async throws
        -> TransferReport
    {
        try await put([source], to: DrivePath(path), into: false, options: options).report
    }
}

extension Snapshot {
    func bytes(_ path: String) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(DrivePath(path)) { bytes += $0 }
        return bytes
    }

    func names(_ path: String) async throws -> [String] {
        var names: [String] = []
        try await list(DrivePath(path)) { name, _ in names.append(String(decoding: name, as: UTF8.self)) }
        return names
    }
}

/// Bytes that neither compress nor repeat.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return .random(count: count, using: &random)
}
