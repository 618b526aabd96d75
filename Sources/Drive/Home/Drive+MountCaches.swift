internal import BlobStore
internal import SCALE
public import SystemPackage

/// Which caches may hold what mounts have left: changes that are in no commit yet. It is written down before a mount takes the
/// first one, so that they are found wherever its cache is.
extension Drive {
    private static let mountCachesSetting = "mount-caches"

    /// Caches of mounts that have begun, and have not ended with everything in the drive; some may be of mounts that go on.
    ///
    /// - Throws: what reading this machine's memory of the drive throws.
    public func mountCaches() async throws -> [FilePath] {
        try MountCaches(setting: await database.setting(Self.mountCachesSetting)).paths
    }

    /// A mount with this cache, an absolute path, may have changes from now on.
    public func note(mountCache path: FilePath) async throws {
        try await database.update(Self.mountCachesSetting) { value in
            var caches = try MountCaches(setting: value)
            if !caches.paths.contains(path) { caches.paths.append(path) }
            return caches.setting
        }
    }

    /// Nothing is in them that the drive has not.
    public func forget(mountCaches gone: [FilePath]) async throws {
        try await database.update(Self.mountCachesSetting) { value in
            var caches = try MountCaches(setting: value)
            caches.paths.removeAll { gone.contains($0) }
            return caches.setting
        }
    }
}

private struct MountCaches: ScaleCodable {
    var paths: [FilePath] = []

    init(setting: [UInt8]?) throws(ScaleError) {
        if let setting { self = try MountCaches(scaleBytes: setting) }
    }

    /// Nil for none.
    var setting: [UInt8]? { paths.isEmpty ? nil : scaleBytes }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        paths = try decoder.vector { decoder throws(ScaleError) in FilePath(try decoder.string()) }
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.vector(paths) { $0.string($1.string) }
    }
}
