import Foundation
import Primitives
import Substrate
import SystemPackage

/// Recovery phrases as people keep them: in a file, or in their hands.
enum PhraseInput {
    /// Reads a phrase from a file with any white space between the words.
    ///
    /// - Throws: `PhraseError.unreadable`; `AccountError` where it is none.
    static func read(_ path: FilePath) async throws -> Mnemonic {
        let text = try await onThread {
            do {
                return try beginning(of: path)
            } catch let error as Errno {
                throw PhraseError.unreadable(path, cause: "\(error)")
            }
        }
        return try Mnemonic(phrase: text)
    }

    /// The beginning of a file, which is more than any phrase.
    private static func beginning(of path: FilePath) throws -> String {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            var text: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 4096)
            while text.count < 1 << 16 {
                let count = try unsafe part.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                if count == 0 { break }
                text += part[..<count]
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Asks for a phrase on the terminal, without echo.
    static func ask() async throws -> Mnemonic {
        let typed = try await Terminal.secret("Recovery phrase")
        return try Mnemonic(
            phrase: typed.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) })
    }
}

enum PhraseError: Reportable, Equatable, CustomStringConvertible {
    case unreadable(FilePath, cause: String)
    case other
    case missing

    var description: String {
        switch self {
        case .unreadable(let path, let cause): "the phrase cannot be read from \(path): \(cause)"
        case .other: "this is the phrase of another drive"
        case .missing: "the recovery phrase is needed"
        }
    }

    var hint: String? {
        switch self {
        case .missing: "add --phrase-file FILE"
        case .unreadable, .other: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .unreadable, .missing: .usage
        case .other: .wrongSecret
        }
    }
}
