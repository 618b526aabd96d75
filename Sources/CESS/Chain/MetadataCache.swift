internal import Dispatch
internal import Foundation
internal import Primitives

/// Metadata on disk, by network and runtime version. Only a saving of time: what is missing or damaged is fetched again,
/// and a failed write is no error.
struct MetadataCache: Sendable {
    let directory: String

    func load(genesis: Bytes32, specVersion: UInt32) async -> [UInt8]? {
        let url = self.url(genesis, specVersion)
        return await offTheCooperativePool { (try? Data(contentsOf: url)).map { [UInt8]($0) } }
    }

    func store(_ metadata: [UInt8], genesis: Bytes32, specVersion: UInt32) async {
        let url = self.url(genesis, specVersion)
        let directory = directory
        await offTheCooperativePool {
            try? FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try? Data(metadata).write(to: url, options: .atomic)
        }
    }

    private func url(_ genesis: Bytes32, _ specVersion: UInt32) -> URL {
        URL(filePath: directory).appending(path: "\(genesis.hex.prefix(16))-\(specVersion).scale")
    }

    private func offTheCooperativePool<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async { continuation.resume(returning: body()) }
        }
    }
}
