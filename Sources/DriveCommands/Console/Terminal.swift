import Glibc
import Primitives
import SystemPackage

/// The controlling terminal, asked directly, so that redirected input and output do not matter.
enum Terminal {
    /// Whether there is one.
    static var isThere: Bool {
        guard let tty = try? FileDescriptor.open(FilePath("/dev/tty"), .readWrite) else { return false }
        try? tty.close()
        return true
    }

    /// Asks a yes-or-no question; anything but yes is no.
    static func confirms(_ question: String) async throws -> Bool {
        var answer = try await line(question + " [y/N] ", "an answer", echo: true)
        defer { answer.wipe() }
        let text = String(decoding: answer, as: UTF8.self).lowercased()
        return text == "y" || text == "yes"
    }

    /// Asks for a secret, without echo.
    static func secret(_ question: String) async throws -> Secret {
        var answer = try await line(question + ": ", "the " + question.lowercased(), echo: false)
        return Secret(taking: &answer)
    }

    /// Asks for a line of text.
    static func line(_ question: String) async throws -> String {
        String(decoding: try await line(question + ": ", "an answer", echo: true), as: UTF8.self)
    }

    /// Shows text on the terminal alone, so that it lands in no file.
    static func show(_ text: String) async throws {
        try await onThread {
            guard let tty = try? FileDescriptor.open(FilePath("/dev/tty"), .readWrite) else {
                throw ConsoleError.cannotAsk("a confirmation")
            }
            try tty.closeAfter { _ = try tty.writeAll(Array((text + "\n").utf8)) }
        }
    }

    /// - Parameter what: the question is for, where there is no terminal.
    private static func line(_ question: String, _ what: String, echo: Bool) async throws -> [UInt8] {
        try await onThread(untilCancelled: { try read(question, what, echo: echo, cancelled: $0) })
    }

    private static func read(_ question: String, _ what: String, echo: Bool, cancelled: CancelMark) throws -> [UInt8] {
        guard let tty = try? FileDescriptor.open(FilePath("/dev/tty"), .readWrite) else {
            throw ConsoleError.cannotAsk(what)
        }
        return try tty.closeAfter {
            var before = termios()
            _ = unsafe tcgetattr(tty.rawValue, &before)
            if !echo {
                var silent = before
                silent.c_lflag &= ~tcflag_t(ECHO)
                unsafe tcsetattr(tty.rawValue, TCSAFLUSH, &silent)
            }
            defer {
                unsafe tcsetattr(tty.rawValue, TCSAFLUSH, &before)
                if !echo { _ = try? tty.writeAll([UInt8(ascii: "\n")]) }
            }
            // Last, since what was typed before the echo went off is thrown away.
            _ = try tty.writeAll(Array(question.utf8))
            return try tty.readLine(limit: 4096, unless: cancelled)
        }
    }
}
