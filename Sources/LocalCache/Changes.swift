/// Names a container of bytes in a `LocalCache`. `LocalCache.newFile` gives numbers that were never used before.
public struct FileNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt64

    public init(_ value: UInt64) { self.value = value }

    public static func < (a: FileNumber, b: FileNumber) -> Bool { a.value < b.value }

    public var description: String { String(value) }
}

/// A change of one of the small records in which the cache's owner keeps what it has to know after a restart.
public enum RecordChange: Hashable, Sendable {
    case put(key: [UInt8], value: [UInt8])
    case delete(key: [UInt8])
}

/// A part of a batch that `LocalCache.apply` makes as a whole.
public enum CacheChange: Hashable, Sendable {
    case record(RecordChange)
    /// The range reads as zeros from now on, and is dirty.
    case erase(FileNumber, Range<UInt64>)
    /// What lies at this offset or beyond is not here any more, dirty or not. The owner knows that its base ends there, too.
    case truncate(FileNumber, to: UInt64)
    /// Nothing of the file is here any more, dirty or not.
    case remove(FileNumber)

    /// Whether it gives room back, and may therefore use what is held back for a full disk.
    var freesRoom: Bool {
        switch self {
        case .record: false
        case .erase, .truncate, .remove: true
        }
    }
}

/// What lies in a range of a file.
public enum ExtentKind: Hashable, Sendable {
    /// Bytes that are nowhere else: never evicted.
    case dirty
    /// A copy of what can be fetched again: evicted when room is needed.
    case clean
    /// Zeros that the user has made and that are not stored elsewhere yet.
    case dirtyHole
    /// Zeros that are zeros in the base, too.
    case cleanHole

    public var isDirty: Bool { self == .dirty || self == .dirtyHole }
}
