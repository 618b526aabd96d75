import Foundation
import Glibc

/// Bytes from outside, as text and back. Names of files are bytes, and so are arguments and the environment; what parses
/// them wants text, and text that is made of other bytes is repaired, which would make one name another.
///
/// A byte that is no part of UTF-8 is spelled as U+10FF00 + byte, at the end of the last private plane; where one of these
/// scalars stands in what is read, its own bytes are spelled in this way. So every text is read back as it was.
enum ByteText {
    private static let first: UInt32 = 0x10_FF00
    private static let spellings: ClosedRange<UInt32> = 0x10_FF80...0x10_FFFF

    /// Bytes as text that can be turned back.
    static func text(of bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var parser = UTF8.ForwardParser()
        var input = bytes.makeIterator()
        var rest = bytes[...]
        while true {
            let count: Int
            switch parser.parseScalar(from: &input) {
            case .emptyInput: return String(text)
            case .error(let length): count = length
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                count = encoded.count
                if !spellings.contains(scalar.value) {
                    text.append(scalar)
                    rest = rest.dropFirst(count)
                    continue
                }
            }
            text.append(contentsOf: rest.prefix(count).compactMap { Unicode.Scalar(first + UInt32($0)) })
            rest = rest.dropFirst(count)
        }
    }

    /// What `text(of:)` was made from.
    static func bytes(of text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            spellings.contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }

    /// Text as people are to see it.
    static func shown(_ text: String) -> String { String(decoding: bytes(of: text), as: UTF8.self) }

    /// What this process was called by.
    static var programName: String { unsafe CommandLine.unsafeArgv[0].map { unsafe text(ofString: $0) } ?? "" }

    /// The arguments of this process, without its name.
    static var arguments: [String] {
        (0..<Int(CommandLine.argc)).dropFirst().compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { unsafe text(ofString: $0) }
        }
    }

    /// The environment of this process.
    static var environment: [String: String] {
        var result: [String: String] = [:]
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let parts = unsafe text(ofString: entry).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            unsafe next += 1
        }
        return result
    }

    private static func text(ofString start: UnsafePointer<CChar>) -> String {
        unsafe text(of: UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
}
