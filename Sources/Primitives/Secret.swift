internal import CSodium

/// A secret in locked memory where the system allows it, wiped when its last owner lets go.
///
/// Shared rather than copied: every value made from it refers to the same bytes.
public final class Secret: @unchecked Sendable {  // never written after init
    private let start: UnsafeMutableRawPointer
    public let byteCount: Int

    /// Copies `bytes`; the caller wipes its own copy (`wipe`) if it made one.
    public init(copying bytes: Span<UInt8>) {
        precondition(sodium_init() >= 0, "libsodium cannot start")
        // sodium_malloc locks the pages where RLIMIT_MEMLOCK allows, and surrounds them with guards in any case.
        guard let start = sodium_malloc(max(bytes.count, 1)) else { fatalError("out of memory") }
        self.start = start
        byteCount = bytes.count
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: start, count: $0.count).copyMemory(from: $0) }
        sodium_mprotect_readonly(start)
    }

    public convenience init(copying bytes: [UInt8]) { self.init(copying: bytes.span) }

    /// Takes the bytes over: the caller's array is overwritten with zeros.
    public convenience init(taking bytes: inout [UInt8]) {
        self.init(copying: bytes.span)
        bytes.wipe()
    }

    /// A secret of random bytes.
    public static func random(byteCount: Int) -> Secret {
        var bytes = SystemRandom.bytes(byteCount)
        return Secret(taking: &bytes)
    }

    public func withBytes<R>(_ body: (Span<UInt8>) throws -> R) rethrows -> R {
        try withPointer { try body(Span(_unsafeStart: $0, count: byteCount)) }
    }

    /// For the calls of this module into C; the pointer is never nil, though the secret may be empty.
    func withPointer<R>(_ body: (UnsafePointer<UInt8>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafePointer(start.assumingMemoryBound(to: UInt8.self)))
    }

    /// Whether both hold the same bytes, compared in constant time.
    public func equals(_ other: Secret) -> Bool {
        byteCount == other.byteCount && sodium_memcmp(start, other.start, byteCount) == 0
    }

    deinit { sodium_free(start) }  // makes it writable, overwrites it, unlocks it
}

extension [UInt8] {
    /// Overwrites the bytes with zeros in a way that the compiler does not remove.
    public mutating func wipe() {
        withUnsafeMutableBytes { cessdrive_wipe($0.baseAddress, $0.count) }
    }
}

/// Random bytes fit for keys and nonces.
public enum SystemRandom {
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            cessdrive_random_bytes(buffer.baseAddress, count)
            initialized = count
        }
    }
}
