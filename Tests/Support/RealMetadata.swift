public import Foundation

/// The metadata of the real runtimes, which is not part of this repository: in `$CESSDRIVE_METADATA`, else in
/// `shared/cess/metadata` beside the checkout. Tests that need it are skipped where it is missing.
public enum RealMetadata {
    public static let directory: URL? = {
        let checkout = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let candidates = [
            ProcessInfo.processInfo.environment["CESSDRIVE_METADATA"].map { URL(filePath: $0) },
            checkout.deletingLastPathComponent().appending(path: "shared/cess/metadata"),
        ]
        return candidates.compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: newest).path)
        }
    }()

    public static var isThere: Bool { directory != nil }

    /// Why tests that need it are skipped where it is not.
    public static let missing =
        "no real metadata: neither in $CESSDRIVE_METADATA nor in shared/cess/metadata beside the checkout"

    public static let newest = "metadata.scale"

    /// - Precondition: `isThere`.
    public static func bytes(_ name: String = newest) throws -> [UInt8] {
        guard let directory else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: directory.appending(path: name)))
    }

    /// A short name as it stands in metadata: what a test looks for that changes a runtime.
    public static func encoded(_ name: String) -> [UInt8] { [UInt8(name.utf8.count << 2)] + Array(name.utf8) }
}
