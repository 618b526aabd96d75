import Testing

@testable import LocalCache

/// What a cache should hold, byte by byte.
struct CacheModel: Equatable {
    static let fileByteCount = 4000

    struct File: Equatable {
        var bytes = [UInt8](repeating: 0, count: CacheModel.fileByteCount)
        var kinds = [ExtentKind?](repeating: nil, count: CacheModel.fileByteCount)

        mutating func set(_ range: Range<Int>, _ kind: ExtentKind?, _ new: ArraySlice<UInt8>? = nil) {
            kinds.replaceSubrange(range, with: repeatElement(kind, count: range.count))
            if let new {
                bytes.replaceSubrange(range, with: new)
            } else {
                bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
            }
        }
    }

    var files = [File](repeating: File(), count: 3)
    var records: [[UInt8]: [UInt8]] = [:]

    mutating func change(_ change: RecordChange) {
        switch change {
        case .put(let key, let value): records[key] = value
        case .delete(let key): records[key] = nil
        }
    }

    /// What a cache holds now.
    init(of cache: LocalCache, _ numbers: [FileNumber], records: [[UInt8]: [UInt8]]) throws {
        self.records = records
        for (place, number) in numbers.enumerated() {
            for part in cache.kinds(number, 0..<UInt64(Self.fileByteCount)) {
                let range = Int(part.range.lowerBound)..<Int(part.range.upperBound)
                files[place].set(range, part.kind, try cache.whole(number, part.range)?[...])
            }
        }
    }

    init() {}

    /// Forgets what is clean here and not in the other one: it was evicted.
    mutating func forgetEvicted(_ other: CacheModel) {
        for file in files.indices where files[file].kinds != other.files[file].kinds {
            for place in files[file].kinds.indices where other.files[file].kinds[place] == nil {
                if files[file].kinds[place]?.isDirty == false {
                    files[file].kinds[place] = nil
                    files[file].bytes[place] = 0
                }
            }
        }
    }
}
