/// Sizes, rates and times as people write them.
enum Quantities {
    /// Bytes from `1048576`, `512K`, `10M`, `1.5GiB` (steps of 1024) or `10MB` (steps of 1000); nil if it is none.
    static func bytes(_ text: some StringProtocol) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value.isFinite else { return nil }
        guard let unit = byteUnits[text.dropFirst(number.count).trimmingSpaces.lowercased()] else { return nil }
        let bytes = value * unit
        guard bytes < 9e18 else { return nil }
        return Int(bytes)
    }

    /// Bytes a second from a size with or without `/s`; nil if it is none, or zero.
    static func rate(_ text: String) -> Int? {
        let size = text.hasSuffix("/s") ? text.dropLast(2) : text[...]
        return bytes(size).flatMap { $0 > 0 ? $0 : nil }
    }

    /// A time span from `500ms`, `8h`, `1h30m`, `2d`; a bare number has no unit and is none, save `0`.
    static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text[...]
        var seconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let factor = timeUnits[unit.lowercased()] else { return nil }
            seconds += value * factor
        }
        guard seconds < 1e11 else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    private static let byteUnits: [String: Double] = {
        var units: [String: Double] = ["": 1, "b": 1]
        for (power, letter) in ["k", "m", "g", "t", "p"].enumerated() {
            let binary = (0...power).reduce(1.0) { product, _ in product * 1024 }
            units[letter] = binary
            units[letter + "i"] = binary
            units[letter + "ib"] = binary
            units[letter + "b"] = (0...power).reduce(1.0) { product, _ in product * 1000 }
        }
        return units
    }()

    private static let timeUnits: [String: Double] = [
        "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800,
    ]
}

extension Quantities {
    /// `1.5 MiB`; whole below 1 KiB.
    static func text(bytes: Int) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        while abs(value) >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(oneDecimal(value)) \(units[unit])"
    }

    /// The two largest units: `2 d 3 h`, `1 min 30 s`, `4.2 s`, `35 ms`.
    static func text(_ duration: Duration) -> String {
        // Clamped: a server may name any time.
        let whole = min(max(duration.components.seconds, -(1 << 50)), 1 << 50)
        let milliseconds = whole * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 10_000 { return "\(oneDecimal(Double(milliseconds) / 1000)) s" }
        let seconds = milliseconds / 1000
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s"),
        ]
        return parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: SubSequence { drop { $0 == " " } }
}
