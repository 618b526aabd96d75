import ArgumentParser
import Drive
import DriveFormat

/// What `find` asks of an entry: all of it has to hold.
struct FindTests: Sendable {
    /// Of each list one has to fit, of the last name, of the same without regard to case, of the whole path; of an empty
    /// one none.
    var names: [Glob] = []
    var foldedNames: [Glob] = []
    var paths: [Glob] = []
    var types: Set<EntryType>?
    var size: SizeTest?
    /// Changed then or later, and before then.
    var newer: Timestamp?
    var older: Timestamp?

    func hold(for path: DrivePath, _ entry: Entry) -> Bool {
        if let types, !types.contains(entry.type) { return false }
        let name = path.last ?? path.bytes
        for (globs, text) in [(names, name), (foldedNames, name), (paths, path.bytes)]
        where !globs.isEmpty && !globs.contains(where: { $0.matches(text) }) { return false }
        if let size, entry.type != .file || !size.holds(for: entry.size) { return false }
        if let newer, entry.modified < newer { return false }
        if let older, entry.modified >= older { return false }
        return true
    }
}

/// `+10M` more bytes, `-10M` fewer, `10M` exactly so many.
struct SizeTest: ExpressibleByArgument, Equatable, Sendable {
    enum Relation: Equatable, Sendable { case more, fewer, equal }

    let relation: Relation
    let byteCount: UInt64

    init?(argument: String) {
        relation = argument.hasPrefix("+") ? .more : argument.hasPrefix("-") ? .fewer : .equal
        guard let bytes = Quantities.bytes(relation == .equal ? argument[...] : argument.dropFirst()) else {
            return nil
        }
        byteCount = UInt64(bytes)
    }

    func holds(for size: UInt64) -> Bool {
        switch relation {
        case .more: size > byteCount
        case .fewer: size < byteCount
        case .equal: size == byteCount
        }
    }
}

/// `f`, or several as in `f,l`: the letters of find, which are those of `ls -l` but for a file's.
struct TypesArgument: ExpressibleByArgument, Equatable, Sendable {
    let types: Set<EntryType>

    private static let letters: [Substring: EntryType] = [
        "f": .file, "d": .directory, "l": .symlink, "p": .fifo, "c": .characterDevice, "b": .blockDevice, "s": .socket,
    ]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let found = parts.compactMap { Self.letters[$0] }
        guard found.count == parts.count else { return nil }
        types = Set(found)
    }
}

/// A moment, or how long ago it was: `2026-11-22`, `14:03`, `7d`. A day or a minute means its beginning.
struct MomentArgument: ExpressibleByArgument, Equatable, Sendable {
    let moment: Timestamp

    init?(argument: String) { self.init(argument, now: .now) }

    init?(_ text: String, now: Timestamp) {
        if let span = Moment.span(of: text) {
            moment = span.lowerBound
        } else if let age = Quantities.duration(text) {
            let nanoseconds = Int64(now.nanoseconds) - age.components.attoseconds / 1_000_000_000
            let borrowed: Int64 = nanoseconds < 0 ? 1 : 0
            moment = Timestamp(
                seconds: now.seconds - age.components.seconds - borrowed,
                nanoseconds: UInt32(nanoseconds + borrowed * 1_000_000_000))
        } else {
            return nil
        }
    }
}
