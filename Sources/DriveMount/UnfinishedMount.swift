public import Drive
internal import LocalCache
public import SystemPackage

/// A mount that is no more, and whose cache may hold changes that are in no commit.
public struct UnfinishedMount: Sendable {
    /// A mount that has its cache in the same directory carries on what is in it.
    public let cache: FilePath
    /// False for a cache that is not to be found, as on a disk that is not there.
    public let isThere: Bool

    /// All of this drive and this machine.
    ///
    /// - Throws: what reading this machine's memory of the drive throws.
    public static func all(of drive: Drive) async throws -> [UnfinishedMount] {
        let caches = try await drive.mountCaches()
        return try await Mount.onThread {
            caches.compactMap { cache in
                // What cannot be looked at cannot be mounted either.
                switch try? LocalCache.isOpen(in: cache.string) {
                case true?: nil
                case false?: UnfinishedMount(cache: cache, isThere: true)
                case nil: UnfinishedMount(cache: cache, isThere: false)
                }
            }
        }
    }
}
