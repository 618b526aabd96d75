public import ArgumentParser
import Drive
public import SystemPackage

/// A path on the command line, of this machine or of the drive: any bytes, but at least one. A variable that is not set
/// must not become the root.
struct PathArgument: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    static let root = PathArgument(bytes: [UInt8(ascii: "/")])
    /// Standard input or output.
    static let stream = PathArgument(bytes: [UInt8(ascii: "-")])

    private init(bytes: [UInt8]) { self.bytes = bytes }

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        bytes = ByteText.bytes(of: argument)
    }

    /// Whether it ends with a slash.
    var namesDirectory: Bool { bytes.last == UInt8(ascii: "/") }

    /// For showing only: bytes that are not UTF-8 are replaced.
    var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension Collection<PathArgument> {
    func joined(separator: String) -> String { map(\.description).joined(separator: separator) }
}

extension DrivePath {
    /// - Throws: `DriveError.invalidPath`.
    init(_ argument: PathArgument) throws { try self.init(bytes: argument.bytes) }
}

extension FilePath: @retroactive ExpressibleByArgument {
    public init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.init(byteText: argument)
    }

    /// - Parameter text: an argument, a variable or a setting.
    init(byteText text: String) {
        unsafe self.init(platformString: (ByteText.bytes(of: text) + [0]).map { CChar(bitPattern: $0) })
    }

    /// The local network passes its directories on as text.
    func checkIsText(_ option: String) throws {
        guard String(validating: self) != nil else { throw ValidationError("\(option) is not text in UTF-8.") }
    }
}

/// A time span on the command line: `8h`, `500ms`.
struct DurationArgument: ExpressibleByArgument, Sendable {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = Quantities.duration(argument) else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { Quantities.text(duration) }
}

/// An amount of bytes on the command line: `256M`, `10G`.
struct SizeArgument: ExpressibleByArgument, Sendable {
    let byteCount: UInt64

    init(_ byteCount: UInt64) { self.byteCount = byteCount }

    init?(argument: String) {
        guard let count = Quantities.bytes(argument).flatMap(UInt64.init(exactly:)) else { return nil }
        byteCount = count
    }

    var defaultValueDescription: String { Quantities.text(bytes: Int(clamping: byteCount)) }
}

/// A time in days on the command line: `90d`, `12w`, or the number alone; whole days that have begun do not count.
struct DaysArgument: ExpressibleByArgument, Sendable {
    /// At least 1.
    let days: UInt32

    init?(argument: String) {
        let seconds = Int64(argument).map { $0.multipliedReportingOverflow(by: 86_400) }
        let duration: Duration? =
            if let seconds { seconds.overflow ? nil : .seconds(seconds.partialValue) } else {
                Quantities.duration(argument)
            }
        guard let duration, let days = UInt32(exactly: duration.components.seconds / 86_400), days >= 1 else {
            return nil
        }
        self.days = days
    }
}

/// Space on the command line, leased in whole GiB: `100G`, `1.5T`, rounded up.
struct SpaceArgument: ExpressibleByArgument, Sendable {
    /// At least 1.
    let gibCount: UInt32

    init?(argument: String) {
        guard let bytes = Quantities.bytes(argument), bytes >= 1 << 30,
            let count = UInt32(exactly: (bytes + (1 << 30) - 1) >> 30)
        else { return nil }
        gibCount = count
    }
}
