import Drive
import Foundation
import SystemPackage

extension Paths {
    var drives: FilePath { state.appending("drives") }
    /// Where the agent of `key unlock` listens.
    var agentSocket: FilePath { runtime.appending("agent.sock") }
}

extension DriveHome {
    /// The name that `init` gives unless it is told another.
    static let standardName = "main"

    /// The drive that a command is about: the one that was named, else the only one, else `main`.
    ///
    /// - Throws: `DriveChoiceError`.
    static func chosen(by configuration: Configuration) throws -> DriveHome {
        let drives = configuration.paths.drives
        let known = names(in: drives)
        if let name = configuration[.drive]?.value {
            guard known.contains(name) else { throw DriveChoiceError.unknown(name, known: known) }
            return try DriveHome(name: name, in: drives)
        }
        guard let first = known.first else { throw DriveChoiceError.none }
        guard known.count == 1 || known.contains(standardName) else { throw DriveChoiceError.several(known) }
        return try DriveHome(name: known.count == 1 ? first : standardName, in: drives)
    }

    /// A home for a new drive.
    ///
    /// - Throws: `DriveChoiceError.badName`: names are directories too, and people type them.
    static func new(_ name: String, in paths: Paths) throws -> DriveHome {
        guard isGoodName(name) else { throw DriveChoiceError.badName(name) }
        return try DriveHome(name: name, in: paths.drives)
    }

    /// Up to 64 letters, digits, and `.`, `_`, `-` but not first.
    static func isGoodName(_ name: String) -> Bool {
        guard 1...64 ~= name.utf8.count, let first = name.unicodeScalars.first else { return false }
        func isPlain(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic || "0"..."9" ~= scalar }
        return isPlain(first) && name.unicodeScalars.allSatisfy { isPlain($0) || "._-".unicodeScalars.contains($0) }
    }

    /// What a drive has left whose keystore is gone may be changes that are nowhere else: the phrase can still open them.
    ///
    /// - Throws: `DriveChoiceError.leftovers`.
    func checkUnused() throws {
        for path in [database, spool] where FileManager.default.fileExists(atPath: path.string) {
            throw DriveChoiceError.leftovers(directory)
        }
    }

    /// Takes the whole home away again.
    func remove() throws { try FileManager.default.removeItem(atPath: directory.string) }
}

enum DriveChoiceError: Reportable, Equatable, CustomStringConvertible {
    case badName(String)
    case none
    case unknown(String, known: [String])
    case several([String])
    /// There are a spool and a database, and no keystore.
    case leftovers(FilePath)

    var description: String {
        switch self {
        case .badName(let name): "'\(name)' cannot be a drive's name"
        case .none: "there is no drive here"
        case .unknown(let name, _): "there is no drive named '\(name)' here"
        case .several: "there are several drives here"
        case .leftovers(let path): "\(path) holds what a drive has left whose keystore is gone"
        }
    }

    var hint: String? {
        switch self {
        case .badName: "names have up to 64 letters, digits, '.', '_' and '-'"
        case .none: "'cessdrive init' makes one, 'cessdrive recover' brings one back from its phrase"
        case .unknown(_, let known) where known.isEmpty: Self.none.hint
        case .unknown(_, let known): "drives here are \(known.joined(separator: ", "))"
        case .leftovers:
            "put the keystore back, or move the directory away: unfinished changes in it may be nowhere else"
        case .several(let known): "add --drive with one of \(known.joined(separator: ", "))"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .badName, .several: .usage
        case .none, .unknown: .noDrive
        case .leftovers: .failed
        }
    }
}
