internal import CZstd
import Synchronization

/// zstd's working memory, made once and lent to one task at a time.
///
/// At most as many contexts live as tasks worked at once; a compressing one has some 1.3 MB.
final class ZstdContexts: Sendable {
    /// Owned by the pool while idle, by one caller while lent.
    private struct Idle: @unchecked Sendable {  // contexts are thread-compatible, and only ever used by their holder
        var compressing: [OpaquePointer] = []
        var decompressing: [OpaquePointer] = []
    }

    private let idle = Mutex(Idle())

    func withCompressing<R>(_ body: (OpaquePointer) -> R) -> R {
        guard let context = idle.withLock({ $0.compressing.popLast() }) ?? ZSTD_createCCtx()
        else { fatalError("out of memory") }
        defer { idle.withLock { $0.compressing.append(context) } }
        return body(context)
    }

    func withDecompressing<R>(_ body: (OpaquePointer) -> R) -> R {
        guard let context = idle.withLock({ $0.decompressing.popLast() }) ?? ZSTD_createDCtx()
        else { fatalError("out of memory") }
        defer { idle.withLock { $0.decompressing.append(context) } }
        return body(context)
    }

    deinit {
        idle.withLock {
            $0.compressing.forEach { ZSTD_freeCCtx($0) }
            $0.decompressing.forEach { ZSTD_freeDCtx($0) }
        }
    }
}
