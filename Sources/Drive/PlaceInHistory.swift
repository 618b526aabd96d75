internal import BlobStore
internal import DriveFormat

extension Drive {
    /// The drive at an earlier commit.
    ///
    /// - Parameter which: the beginning of a commit's id (at least 8 digits), its number (at most 7), `head`, `head~N`, or a
    ///   moment as `Moment.parse` reads it, which means the last commit made by then.
    /// - Throws: `DriveError.noState` if it is none of these, `noSuchCommit` if there is none like it, `ambiguousCommit` if
    ///   several ids begin so, `beforeFirstCommit` for a moment when there was no drive yet, `empty`.
    public func snapshot(at which: String) async throws -> Snapshot {
        var search = try HistorySearch(which)
        var found: Snapshot?
        try await forEachCommit { snapshot in
            let commit = snapshot.commit
            if search.look(at: snapshot.id, number: commit.sequence, created: commit.created), found == nil {
                found = snapshot
            }
            return !search.isOver
        }
        try search.checkOutcome()
        guard let found else { throw DriveError.empty(name: name) }
        return found
    }
}

/// Looks at commits from the head back until the one that is meant is known.
struct HistorySearch {
    private let which: String
    private let place: PlaceInHistory
    private var steps = 0
    private var oldest: Timestamp?
    private var ids: [String] = []
    /// Whether older commits cannot matter any more.
    private(set) var isOver = false

    /// - Throws: `DriveError.noState`.
    init(_ which: String) throws(DriveError) {
        guard let place = PlaceInHistory(which) else { throw .noState(which) }
        self.which = which
        self.place = place
    }

    /// - Returns: whether it is what was looked for.
    mutating func look(at id: String, number: UInt64, created: Timestamp) -> Bool {
        let isIt: Bool
        switch place {
        case .back(let count): isIt = steps == count
        case .number(let wanted):
            isIt = number == wanted
            isOver = number <= wanted
        case .id(let beginning): isIt = id.hasPrefix(beginning)
        case .by(let moment): isIt = created < moment
        }
        if isIt {
            ids.append(id)
            // Others may begin in the same way.
            if case .id(let beginning) = place { isOver = beginning == id } else { isOver = true }
        }
        steps += 1
        oldest = created
        return isIt
    }

    /// - Throws: `DriveError.noSuchCommit`, `ambiguousCommit`, `beforeFirstCommit`; nothing where no commit was seen.
    func checkOutcome() throws(DriveError) {
        guard let oldest else { return }
        guard ids.count <= 1 else { throw .ambiguousCommit(which, ids: ids) }
        guard ids.isEmpty else { return }
        if case .by = place { throw .beforeFirstCommit(which, first: oldest) }
        throw .noSuchCommit(which)
    }
}

/// How a state of the drive is named.
enum PlaceInHistory: Equatable {
    /// So many commits before the head.
    case back(Int)
    /// A commit's number.
    case number(UInt64)
    /// The beginning of a commit's id.
    case id(String)
    /// The last commit before this moment.
    case by(Timestamp)

    /// Shorter beginnings of ids would be guessed, and are numbers where they are digits.
    private static let idDigits = 8

    init?(_ text: String) {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        if text == "head" {
            self = .back(0)
        } else if text.hasPrefix("head~"), let count = UInt32(text.dropFirst(5)) {
            self = .back(Int(count))
        } else if isNumber, text.utf8.count < Self.idDigits, let number = UInt64(text) {
            self = .number(number)
        } else if text.count >= Self.idDigits, text.allSatisfy(\.isHexDigit) {
            self = .id(text.lowercased())
        } else if let moment = Moment.parse(text) {
            self = .by(moment)
        } else {
            return nil
        }
    }
}
