internal import CLinux
public import DriveFormat
internal import Glibc

/// Moments as people write them.
public enum Moment {
    /// `2026-11-22 14.03` by this machine's clock: what may stand in a file's name everywhere.
    static func minute(_ time: Timestamp) -> String { text(time, "%Y-%m-%d %H.%M") }

    /// `2026-11-22 14:03:05` by this machine's clock: what `parse` reads.
    static func second(_ time: Timestamp) -> String { text(time, "%Y-%m-%d %H:%M:%S") }

    private static func text(_ time: Timestamp, _ form: String) -> String {
        var seconds = time_t(time.seconds)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, form, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Reads `2026-11-22`, `2026-11-22 14:03[:05[.25]]`, the same with `T`, either with `Z` or `+01:00` behind it, and
    /// `14:03[:05[.25]]` for today. Without a zone it is this machine's clock. The whole of the named day, minute, second or fraction belongs to it:
    /// the result is the moment after.
    public static func parse(_ text: String) -> Timestamp? { parse(text, now: .now) }

    static func parse(_ text: String, now: Timestamp) -> Timestamp? { span(of: text, now: now)?.upperBound }

    /// The day, minute, second or fraction that `parse` reads, from its first moment to the one after it.
    public static func span(of text: String) -> Range<Timestamp>? { span(of: text, now: .now) }

    static func span(of text: String, now: Timestamp) -> Range<Timestamp>? {
        for (form, length) in [
            ("%Y-%m-%dT%H:%M:%S", 1), ("%Y-%m-%d %H:%M:%S", 1), ("%Y-%m-%dT%H:%M", 60), ("%Y-%m-%d %H:%M", 60),
            ("%H:%M:%S", 1), ("%H:%M", 60), ("%Y-%m-%d", 86_400),
        ] {
            var parts = unsafe tm()
            let hasDay = form.hasPrefix("%Y")
            if !hasDay {
                var seconds = time_t(now.seconds)
                _ = unsafe localtime_r(&seconds, &parts)
                unsafe parts.tm_sec = 0
            }
            unsafe parts.tm_isdst = -1
            guard let rest = unsafe rest(of: text, behind: form, &parts),
                let tail = Tail(rest, takesFraction: length == 1, takesZone: hasDay && length < 86_400)
            else { continue }
            let seconds =
                if let offset = tail.offset { unsafe Int64(timegm(&parts)) - offset } else {
                    unsafe Int64(mktime(&parts))
                }
            func moment(_ nanoseconds: Int) -> Timestamp {
                Timestamp(
                    seconds: seconds + Int64(nanoseconds / 1_000_000_000),
                    nanoseconds: UInt32(nanoseconds % 1_000_000_000))
            }
            let span = tail.fraction.map { $0.nanoseconds } ?? 0..<length * 1_000_000_000
            return moment(span.lowerBound)..<moment(span.upperBound)
        }
        return nil
    }

    /// What follows a text of this form; nil if it has another one.
    private static func rest(of text: String, behind form: String, _ parts: inout tm) -> Substring? {
        // It would skip white space.
        guard text.utf8.first != UInt8(ascii: " ") else { return nil }
        let count: Int? = unsafe text.withCString { start in
            guard let end = unsafe strptime(start, form, &parts) else { return nil }
            return unsafe UnsafePointer(end) - start
        }
        guard let count else { return nil }
        return text[text.utf8.index(text.startIndex, offsetBy: count)...]
    }

    /// What may follow the time: a fraction of the second, and a zone.
    private struct Tail {
        struct Fraction {
            /// Up to 10⁹.
            let nanoseconds: Range<Int>
        }

        var fraction: Fraction?
        /// East of UTC, in seconds; nil for this machine's zone.
        var offset: Int64?

        init?(_ text: Substring, takesFraction: Bool, takesZone: Bool) {
            var text = text
            if takesFraction, text.first == "." {
                let digits = text.dropFirst().prefix { $0.isASCII && $0.isWholeNumber }
                guard 1...9 ~= digits.count, let number = Int(digits) else { return nil }
                let unit = (digits.count..<9).reduce(1) { unit, _ in unit * 10 }
                fraction = Fraction(nanoseconds: number * unit..<(number + 1) * unit)
                text = text.dropFirst(1 + digits.count)
            }
            if takesZone, !text.isEmpty {
                guard let zone = Self.zone(text) else { return nil }
                offset = zone
                text = ""
            }
            guard text.isEmpty else { return nil }
        }

        /// `Z`, `+01:00`, `-0330`.
        private static func zone(_ text: Substring) -> Int64? {
            if text == "Z" || text == "z" { return 0 }
            guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
            var digits = text.dropFirst()
            if digits.count == 5, digits.dropFirst(2).first == ":" { digits = digits.prefix(2) + digits.suffix(2) }
            guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isWholeNumber }),
                let hours = Int64(digits.prefix(2)), let minutes = Int64(digits.suffix(2)), hours < 24, minutes < 60
            else { return nil }
            return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
    }
}
