internal import Primitives
internal import Substrate
internal import Synchronization

/// The runtimes met so far, and which of them the blocks met so far have.
final class RuntimeStore: Sendable {
    private let servers: ChainServers
    private let cache: MetadataCache?
    private let state = Mutex(State())

    private struct State {
        var runtimes: [UInt32: ChainRuntime] = [:]
        var versions: [Bytes32: RuntimeVersion] = [:]
        /// Of `versions`, oldest first.
        var blocks: [Bytes32] = []

        static let rememberedBlocks = 512

        mutating func remember(_ version: RuntimeVersion, of block: Bytes32) {
            if versions.updateValue(version, forKey: block) == nil { blocks.append(block) }
            if blocks.count > Self.rememberedBlocks { versions[blocks.removeFirst()] = nil }
        }
    }

    init(servers: ChainServers, cache: MetadataCache?) {
        self.servers = servers
        self.cache = cache
    }

    /// The runtime of a block. Asks the server for blocks that were not met yet, and for the metadata of a new version.
    func runtime(at block: Bytes32, genesis: Bytes32) async throws -> ChainRuntime {
        let version = try await version(at: block)
        if let known = state.withLock({ $0.runtimes[version.specVersion] }) { return known }
        let runtime = try await load(version, at: block, genesis: genesis)
        state.withLock { $0.runtimes[version.specVersion] = runtime }
        return runtime
    }

    private func version(at block: Bytes32) async throws -> RuntimeVersion {
        if let known = state.withLock({ $0.versions[block] }) { return known }
        let version = try await servers.read { try await $0.runtimeVersion(at: block) }
        state.withLock { $0.remember(version, of: block) }
        return version
    }

    private func load(
        _ version: RuntimeVersion, at block: Bytes32, genesis: Bytes32
    ) async throws -> ChainRuntime {
        if let bytes = await cache?.load(genesis: genesis, specVersion: version.specVersion),
            let metadata = try? Metadata(bytes),
            let runtime = try? ChainRuntime(version: version, metadata: metadata)
        {
            return runtime
        }
        let (bytes, runtime) = try await servers.read { server in
            let bytes = try await server.metadata(at: block)
            return (bytes, try ChainRuntime(version: version, metadata: try Metadata(bytes)))
        }
        await cache?.store(bytes, genesis: genesis, specVersion: version.specVersion)
        return runtime
    }
}
