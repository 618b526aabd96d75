import Glibc

/// Standard output for listings of any length: written in large pieces, or by the line where somebody is looking.
final class OutputBuffer {
    private let console: Console
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var bytes: [UInt8] = []

    private static let pieceByteCount = 1 << 16

    init(console: Console) { self.console = console }

    /// Whether names go out as they are: on a terminal they could move the cursor.
    var isRaw: Bool { !isTerminal }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ more: [UInt8]) throws {
        bytes += more
        if bytes.count >= Self.pieceByteCount || (isTerminal && more.last == UInt8(ascii: "\n")) { try flush() }
    }

    func flush() throws {
        try console.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}

/// The members of a JSON array that is written as they come.
struct JSONElements {
    private var isFirst = true

    /// What comes before the next element: nothing, or a comma.
    mutating func separator() -> String {
        defer { isFirst = false }
        return isFirst ? "" : ","
    }
}
