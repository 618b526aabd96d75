import Drive

/// A shell's pattern for names: `*` any characters, slashes too, `?` one, `[a-z]` and `[!a-z]` one of some, `\` before what is
/// meant as it is. What is no character of UTF-8 counts as one for each byte.
///
/// Rules: POSIX.1-2024, XCU 2.14, but for what a shell does with slashes and leading dots; classes such as `[[:digit:]]` are
/// those of ASCII.
struct Glob: Equatable, Sendable {
    private enum Part: Equatable {
        case any
        case one
        case scalar(Unicode.Scalar)
        case set([ClosedRange<UInt32>], negated: Bool)
    }

    private let parts: [Part]
    private let foldsCase: Bool

    /// - Parameter pattern: as `ByteText`.
    init(_ pattern: String, foldsCase: Bool = false) {
        self.foldsCase = foldsCase
        var parts: [Part] = []
        var rest = pattern.unicodeScalars[...]
        while let next = rest.popFirst() {
            switch next {
            // Two in a row match what one does.
            case "*": if parts.last != .any { parts.append(.any) }
            case "?": parts.append(.one)
            case "[": parts.append(Self.set(&rest) ?? .scalar("["))
            case "\\": parts.append(.scalar(rest.popFirst() ?? "\\"))
            default: parts.append(.scalar(next))
            }
        }
        self.parts = parts
    }

    func matches(_ name: [UInt8]) -> Bool {
        let scalars = Array(ByteText.text(of: name).unicodeScalars)
        var (part, position) = (0, 0)
        // Where the last star was, and how far it has reached: nothing before it need ever be tried again.
        var star: (part: Int, position: Int)?
        while position < scalars.count {
            if part < parts.count, parts[part] == .any {
                star = (part + 1, position)
                part += 1
            } else if part < parts.count, matches(parts[part], scalars[position]) {
                part += 1
                position += 1
            } else if let last = star {
                (part, position) = (last.part, last.position + 1)
                star = (last.part, last.position + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }

    private func matches(_ part: Part, _ scalar: Unicode.Scalar) -> Bool {
        switch part {
        case .any: false
        case .one: true
        case .scalar(let wanted):
            scalar == wanted || (foldsCase && Self.otherCases(of: scalar) == Self.otherCases(of: wanted))
        case .set(let ranges, let negated):
            negated
                != (foldsCase ? [scalar] + Self.otherCases(of: scalar) : [scalar]).contains { candidate in
                    ranges.contains { $0.contains(candidate.value) }
                }
        }
    }

    /// A scalar in lower and upper case, where these are one scalar each.
    private static func otherCases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].map { text in
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first ?? scalar : scalar
        }
    }

    /// Reads what follows `[`, up to its `]`, which may stand first as itself.
    ///
    /// - Returns: nil, with nothing read, where there is no end: then the bracket means itself.
    private static func set(_ text: inout Substring.UnicodeScalarView) -> Part? {
        var rest = text
        let negated = rest.first == "!" || rest.first == "^"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let next = rest.popFirst() {
            if next == "]", !isFirst {
                text = rest
                return .set(ranges, negated: negated)
            }
            isFirst = false
            if next == "[", rest.first == ":", let ofClass = ofClass(&rest) {
                ranges += ofClass
                continue
            }
            guard let low = next == "\\" ? rest.popFirst() : next else { return nil }
            guard rest.first == "-", let end = rest.dropFirst().first, end != "]" else {
                ranges.append(low.value...low.value)
                continue
            }
            rest.removeFirst(2)
            guard let high = end == "\\" ? rest.popFirst() : end else { return nil }
            // One that runs backwards holds nothing.
            if low <= high { ranges.append(low.value...high.value) }
        }
        return nil
    }

    /// Reads `:digit:]`.
    private static func ofClass(_ text: inout Substring.UnicodeScalarView) -> [ClosedRange<UInt32>]? {
        let name = String(text.dropFirst().prefix { $0.isASCII && $0.properties.isLowercase })
        guard let ranges = classes[name], text.dropFirst(1 + name.count).prefix(2).elementsEqual(":]".unicodeScalars)
        else { return nil }
        text.removeFirst(name.count + 3)
        return ranges
    }

    private static let classes: [String: [ClosedRange<UInt32>]] = {
        let (digits, upper, lower): (ClosedRange<UInt32>, ClosedRange<UInt32>, ClosedRange<UInt32>) =
            (0x30...0x39, 0x41...0x5a, 0x61...0x7a)
        return [
            "digit": [digits], "upper": [upper], "lower": [lower], "alpha": [upper, lower],
            "alnum": [digits, upper, lower], "xdigit": [digits, 0x41...0x46, 0x61...0x66],
            "space": [0x09...0x0d, 0x20...0x20], "blank": [0x09...0x09, 0x20...0x20],
            "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e], "cntrl": [0...0x1f, 0x7f...0x7f],
            "print": [0x20...0x7e], "graph": [0x21...0x7e],
        ]
    }()
}
