internal import DriveFormat
internal import Synchronization

/// Segments that are mapped now. Rows of a volume that are sent at once go through its segments side by side, and share them:
/// each page is brought in once, and counted once.
final class MappedSegments: Sendable {
    private struct Key: Hashable {
        let volume: VolumeID
        let segment: Int
    }

    private struct Mapping {
        weak let file: MappedFile?
    }

    let files: SpoolFiles
    private let mapped = Mutex<[Key: Mapping]>([:])

    init(_ files: SpoolFiles) { self.files = files }

    /// - Throws: as `SpoolFiles.map`.
    func map(_ segment: Int, in volume: VolumeID) throws(StoreError) -> MappedFile {
        let key = Key(volume: volume, segment: segment)
        return try mapped.withLock { mapped throws(StoreError) in
            if let file = mapped[key]?.file { return file }
            let file = try files.map(segment, in: volume)
            mapped = mapped.filter { $0.value.file != nil }
            mapped[key] = Mapping(file: file)
            return file
        }
    }
}
