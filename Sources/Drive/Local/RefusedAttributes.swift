internal import SystemPackage

/// What a file system did not let a restored file have, though its content is there.
struct RefusedAttributes: Sendable {
    /// Of owner, mode and times, what was refused first.
    private var standard: Errno?
    private var extended: [[UInt8]] = []
    private var firstExtended: Errno?

    var isEmpty: Bool { standard == nil && extended.isEmpty }

    mutating func note(_ error: Errno) { standard = standard ?? error }

    mutating func note(_ error: Errno, of attribute: [UInt8]) {
        extended.append(attribute)
        firstExtended = firstExtended ?? error
    }

    /// `owner, mode or times: …; attributes user.a, user.b: …`.
    var description: String {
        var parts: [String] = []
        if let standard { parts.append("its owner, mode or times: \(standard.description)") }
        if let firstExtended {
            let names = extended.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
            parts.append("its attributes \(names): \(firstExtended.description)")
        }
        return parts.joined(separator: "; ")
    }
}
