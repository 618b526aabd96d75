internal import CLinux
public import DriveFormat
internal import Glibc

/// Moments as people write them.
public enum Moment {
    /// `2026-11-22 14.03` by this machine's clock: what may stand in a file's name everywhere.
    static func minute(_ time: Timestamp) -> String {
        var seconds = time_t(time.seconds)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, "%Y-%m-%d %H.%M", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Reads `2026-11-22`, `2026-11-22 14:03[:05]` (of this machine's clock), either with `T`, and with `Z` for UTC. The
    /// whole of the named day, minute or second belongs to it: the result is the moment after.
    public static func parse(_ text: String) -> Timestamp? {
        for (format, length) in [
            ("%Y-%m-%dT%H:%M:%S", 1), ("%Y-%m-%d %H:%M:%S", 1), ("%Y-%m-%dT%H:%M", 60), ("%Y-%m-%d %H:%M", 60),
            ("%Y-%m-%d", 86_400),
        ] {
            var parts = unsafe tm()
            unsafe parts.tm_isdst = -1
            let isUTC = text.hasSuffix("Z")
            let plain = isUTC ? String(text.dropLast()) : text
            let isWhole = unsafe plain.withCString { start in
                guard let end = unsafe strptime(start, format, &parts) else { return false }
                return unsafe end.pointee == 0
            }
            guard isWhole else { continue }
            let seconds = unsafe isUTC ? timegm(&parts) : mktime(&parts)
            return Timestamp(seconds: Int64(seconds) + Int64(length))
        }
        return nil
    }
}
