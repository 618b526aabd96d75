import CESS
import Drive
import Foundation
import HTTPClient
import Logging
import Sealing
import Substrate
import SystemPackage

/// The drives that a phrase has on a network, found from the chain and the nodes alone.
struct FoundDrives: Sendable {
    let root: RootKeys
    let drives: [FoundDrive]

    init(of phrase: Mnemonic, on target: NetworkTarget, _ configuration: Configuration) async throws {
        root = RootKeys(seed64: phrase.seed64())
        let http = HTTPClient()
        let chain = try await connect(target, configuration, http)
        let scratch = configuration.paths.cache.appending("find-\(UUID().uuidString)")
        try makePrivateDirectory(scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch.string) }
        drives = try await Drive.find(
            root, chain: chain, nodes: try OpenDrive.nodes(http, configuration), scratch: scratch,
            logger: Logger(label: "drive"))
    }
}
