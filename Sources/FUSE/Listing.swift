internal import CFuse

/// A part of a directory, as much as the kernel has asked for.
public struct Listing: Answer {
    private var buffer: [UInt8]
    private var byteCount = 0
    /// Whether the kernel learns the attributes, too, and counts each entry as looked up.
    public let withAttributes: Bool
    public private(set) var inodes: [InodeNumber] = []
    private let request: RequestPointer

    init(_ request: RequestPointer, limit: Int, withAttributes: Bool) {
        self.request = request
        buffer = [UInt8](repeating: 0, count: limit)
        self.withAttributes = withAttributes
    }

    public var isEmpty: Bool { byteCount == 0 }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - next: where a later listing goes on behind this entry; never 0.
    ///   - name: without a zero byte.
    /// - Returns: false if it has no room any more.
    public mutating func add(_ name: [UInt8], _ entry: FoundEntry, next: UInt64) -> Bool {
        guard add(name, entry.parameters, next) else { return false }
        if withAttributes { inodes += entry.inodes }
        return true
    }

    /// Adds an entry without attributes.
    ///
    /// - Parameter mode: the type bits are enough.
    public mutating func add(_ name: [UInt8], _ inode: InodeNumber, mode: UInt32, next: UInt64) -> Bool {
        var parameters = fuse_entry_param()
        parameters.attr.st_ino = UInt(inode.rawValue)
        parameters.attr.st_mode = mode
        return add(name, parameters, next)
    }

    /// Adds `.` or `..`, which are not counted as looked up.
    public mutating func addDots(_ name: [UInt8], _ attributes: FileAttributes, next: UInt64) -> Bool {
        var parameters = fuse_entry_param()
        parameters.attr = attributes.stat
        return add(name, parameters, next)
    }

    private mutating func add(_ name: [UInt8], _ parameters: fuse_entry_param, _ next: UInt64) -> Bool {
        let (start, free) = (byteCount, buffer.count - byteCount)
        let needed = Self.write(
            name, parameters, Int(clamping: next), into: &buffer, from: start, withAttributes: withAttributes, request)
        guard needed <= free else { return false }
        byteCount += needed
        return true
    }

    /// - Returns: the room that it takes; more than there is if it was not written.
    private static func write(
        _ name: [UInt8], _ parameters: fuse_entry_param, _ next: Int, into buffer: inout [UInt8], from start: Int,
        withAttributes: Bool, _ request: RequestPointer
    ) -> Int {
        var parameters = parameters
        return buffer.withUnsafeMutableBytes { room in
            (name + [0]).withUnsafeBytes { name in
                let place = room.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) }
                let (free, name) = (room.count - start, name.baseAddress?.assumingMemoryBound(to: CChar.self))
                return withAttributes
                    ? fuse_add_direntry_plus(request.pointer, place, free, name, &parameters, next)
                    : fuse_add_direntry(request.pointer, place, free, name, &parameters.attr, next)
            }
        }
    }

    public func send(to request: RequestPointer) -> Bool {
        buffer.withUnsafeBytes { buffer in
            fuse_reply_buf(request.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), byteCount) == 0
        }
    }
}
