/// What can go wrong in a `LocalCache`.
public enum CacheError: Error, Hashable, CustomStringConvertible {
    /// Another process, or another instance in this one, has the directory open.
    case inUse(directory: String)
    /// No segment opens: the key is another one, or every header is damaged. Nothing was changed.
    case wrongKey(directory: String)
    /// There is no room for it on the disk or within the limits, and nothing more can be evicted. Nothing was changed.
    case full
    /// Bytes that are nowhere else cannot be read, or are not what was written.
    case damaged(FileNumber, Range<UInt64>)
    /// A closed segment cannot be read whole, so that it cannot be cleaned.
    case unreadableSegment(UInt32)
    /// A call has more bytes or changes than a record has room for, or goes beyond the greatest offset. Nothing was changed.
    case tooLarge
    /// `close` was called.
    case closed
    /// A sync has failed before: what it should have made durable may be lost whatever later ones say.
    case unsynced(code: Int32)
    /// The system refused an operation, with this `errno`.
    case system(operation: String, code: Int32)

    public var description: String {
        switch self {
        case .inUse(let directory): "the cache in \(directory) is in use"
        case .wrongKey(let directory): "the cache in \(directory) does not open with this key"
        case .full: "the cache has no room"
        case .damaged(let file, let range):
            "bytes \(range) of the cache's file \(file), stored nowhere else, are damaged"
        case .unreadableSegment(let number): "segment \(number) of the cache cannot be read"
        case .tooLarge: "too much for one change of the cache"
        case .closed: "the cache is closed"
        case .unsynced(let code): "the cache could not be synced (errno \(code))"
        case .system(let operation, let code): "\(operation) failed in the cache (errno \(code))"
        }
    }
}
