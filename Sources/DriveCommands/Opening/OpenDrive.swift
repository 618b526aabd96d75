import BlobStore
import CESS
import Drive
import Foundation
import HTTPClient
import Logging
import Primitives
import Sealing
import Substrate
import SystemPackage

/// A drive as a command has it: the library's, and what only the command line needs beside it.
struct OpenDrive: Sendable {
    let drive: Drive
    let keys: DailyKeys
    let chain: CESSChain
    let network: NetworkTarget
    let lease: Lease
    let configuration: Configuration

    /// - Parameter keys: of the drive in `home`.
    init(home: DriveHome, keys: DailyKeys, configuration: Configuration) async throws {
        let http = HTTPClient()
        network = try configuration.network(of: keys)
        chain = try await connect(network, configuration, http)
        let (chain, nodes) = (chain, try Self.nodes(http, configuration))
        drive = try await onThread {
            try Drive(home: home, keys: keys, chain: chain, nodes: nodes, logger: Logger(label: "drive"))
        }
        self.keys = keys
        self.configuration = configuration
        lease = Lease(
            chain: chain, account: KeyPair(miniSecret: keys.accountMiniSecret), territory: keys.territoryName)
    }

    /// The rate is one for all: each of the fragments that are sent at once gets its share.
    static func nodes(_ http: HTTPClient, _ configuration: Configuration) throws -> NodeFragmentAccess {
        let transfers = try configuration.transfers()
        let rate = try configuration.bandwidthLimit()
        return NodeFragmentAccess(httpClient: http, sendRate: rate.map { max(1, $0 / transfers) })
    }
}

extension Configuration {
    /// The network of a drive: the one that was named, else where the drive was last; never one with another genesis.
    ///
    /// - Throws: `NetworkError.otherNetwork` if the named one is not the drive's.
    func network(of keys: DailyKeys) throws -> NetworkTarget {
        guard let genesis = Bytes32(hex: keys.network.genesis) else {
            throw NetworkError.badGenesis(keys.network.genesis)
        }
        let target = try network() ?? rememberedNetwork(keys.network, genesis)
        guard target.genesis == genesis else { throw NetworkError.otherNetwork(target.name, drive: keys.network.name) }
        return target
    }

    private func rememberedNetwork(_ label: NetworkLabel, _ genesis: Bytes32) throws -> NetworkTarget {
        if label.name == NetworkTarget.local, FileManager.default.fileExists(atPath: paths.localNetworkFile.string) {
            return try network(named: NetworkTarget.local)
        }
        let endpoints = file.networks[label.name]?.rpc ?? label.endpoint.split(separator: ",").map(String.init)
        return NetworkTarget(name: label.name, endpoints: endpoints, genesis: genesis)
    }
}
