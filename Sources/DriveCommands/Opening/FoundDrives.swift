import BlobStore
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
    private let missingBytes: UInt64

    /// The drive of this name.
    ///
    /// - Throws: `StoreError.incompleteList` if it is not among those found, and there may be others.
    func drive(named name: String) throws -> FoundDrive? {
        if let drive = drives.first(where: { $0.name == name }) { return drive }
        try checkCompleteness()
        return nil
    }

    /// - Throws: `StoreError.incompleteList` if the chain's list misses files of the territory.
    func checkCompleteness() throws {
        guard missingBytes == 0 else { throw StoreError.incompleteList(missing: missingBytes) }
    }

    init(of phrase: Mnemonic, on target: NetworkTarget, _ configuration: Configuration) async throws {
        root = RootKeys(seed64: phrase.seed64())
        let http = HTTPClient()
        let chain = try await connect(target, configuration, http)
        let scratch = configuration.paths.cache.appending("find-\(UUID().uuidString)")
        try makePrivateDirectory(scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch.string) }
        let search = try await Drive.find(
            root, chain: chain, nodes: try OpenDrive.nodes(http, configuration), scratch: scratch,
            logger: Logger(label: "drive"))
        drives = search.drives
        missingBytes = search.missingBytes
    }
}
