import BlobStore
import DriveFormat
import SCALE
import TestSupport
import Testing

@testable import Drive

/// A file as a mount would have it in memory: its bytes, and which of its blocks are holes.
struct DraftModel {
    static let blockByteCount = 4096

    private(set) var bytes: [UInt8] = []
    private var isHole: [Bool] = []
    /// Since the last draft: what was changed, and how much of the former bytes was never cut off.
    private var changes: [FileDraft.Change] = []
    private var baseByteCount = 0
    private var limit = 0

    // MARK: Edits

    mutating func write(_ new: [UInt8], at offset: Int) {
        if offset > bytes.count { resize(to: offset) }
        let end = offset + new.count
        if end > bytes.count { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(offset..<end, with: new)
        note(offset..<end, isHole: false)
    }

    mutating func punch(_ range: Range<Int>) {
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        note(range, isHole: true)
    }

    mutating func resize(to count: Int) {
        if count < bytes.count {
            bytes.removeLast(bytes.count - count)
            limit = min(limit, count)
            changes = changes.compactMap { change in
                let range = change.range.clamped(to: 0..<UInt64(count))
                return range.isEmpty ? nil : FileDraft.Change(range, isHole: change.isHole)
            }
        } else {
            bytes += [UInt8](repeating: 0, count: count - bytes.count)
        }
    }

    private mutating func note(_ range: Range<Int>, isHole: Bool) {
        guard !range.isEmpty else { return }
        let range = UInt64(range.lowerBound)..<UInt64(range.upperBound)
        let rest = changes.flatMap { change in
            [0..<range.lowerBound, range.upperBound..<UInt64.max].map { change.range.clamped(to: $0) }
                .filter { !$0.isEmpty }.map { FileDraft.Change($0, isHole: change.isHole) }
        }
        changes = (rest + [.init(range, isHole: isHole)]).sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    // MARK: Drafts

    /// What was changed over the base; then the result is the base of what comes.
    mutating func draft(over base: Entry?) -> FileDraft {
        let draft = draft(changes, base: base, limit: limit)
        isHole = (0..<(bytes.count + Self.blockByteCount - 1) / Self.blockByteCount).map { !holdsData(block: $0) }
        (changes, baseByteCount, limit) = ([], bytes.count, bytes.count)
        return draft
    }

    /// The whole file, as if it had never been another one.
    func wholeDraft() -> FileDraft {
        var changes: [FileDraft.Change] = []
        for (block, isHole) in isHole.enumerated() {
            let start = UInt64(block * Self.blockByteCount)
            let end = min(UInt64(bytes.count), start + UInt64(Self.blockByteCount))
            if let last = changes.last, last.isHole == isHole {
                changes[changes.count - 1] = .init(last.range.lowerBound..<end, isHole: isHole)
            } else {
                changes.append(.init(start..<end, isHole: isHole))
            }
        }
        return draft(changes, base: nil, limit: 0)
    }

    private func draft(_ changes: [FileDraft.Change], base: Entry?, limit: Int) -> FileDraft {
        let bytes = bytes
        return FileDraft(size: UInt64(bytes.count), base: base, baseLimit: UInt64(limit), changes: changes) { range in
            let isAllowed = changes.contains {
                !$0.isHole && $0.range.lowerBound <= range.lowerBound && range.upperBound <= $0.range.upperBound
            }
            #expect(isAllowed && range.count <= 1 << 20, "\(range) was asked for")
            return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }

    private func holdsData(block: Int) -> Bool {
        let start = block * Self.blockByteCount
        let whole = UInt64(start)..<UInt64(min(bytes.count, start + Self.blockByteCount))
        let inside = changes.filter { $0.range.overlaps(whole) }
        if inside.contains(where: { !$0.isHole }) { return true }
        guard block < isHole.count, !isHole[block] else { return false }
        let kept = whole.clamped(to: 0..<UInt64(min(limit, baseByteCount)))
        return kept.count > inside.reduce(0) { $0 + $1.range.clamped(to: kept).count }
    }
}

/// A draft of nothing but these bytes.
func draft(_ bytes: [UInt8]) -> FileDraft {
    var model = DraftModel()
    model.write(bytes, at: 0)
    return model.draft(over: nil)
}

extension Entry {
    static func file(_ content: (content: Content, size: UInt64), modified: Int64 = 1) -> Entry {
        let time = Timestamp(seconds: modified)
        return Entry(
            type: .file, mode: 0o644, modified: time, changed: time, size: content.size, content: content.content)
    }

    static func newDirectory() -> Entry {
        Entry(type: .directory, mode: 0o755, modified: Timestamp(seconds: 1), changed: Timestamp(seconds: 1))
    }
}

extension Staging {
    func bytes(of file: Entry) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await trees.read(file) { bytes += $0 }
        return bytes
    }

    var sealedByteCount: Int { get async { await store.spool.sealedBytes } }

    /// The chunks of a content in their order, holes included.
    func chunks(of content: Content) async throws -> [ChunkKey] {
        switch content {
        case .chunk(let id, let length): return [ChunkKey(id: id, length: UInt64(length))]
        case .chunks(let root):
            var keys: [ChunkKey] = []
            for try await item in trees.chunkLists.entries(of: root) {
                keys.append(try ChunkKey(scaleBytes: item.key))
            }
            return keys
        default: return []
        }
    }

    func file(_ bytes: [UInt8], modified: Int64 = 1) async throws -> Entry {
        .file(try await content(of: draft(bytes)), modified: modified)
    }
}

extension Drive {
    /// Commits a new root made of a snapshot's.
    @discardableResult
    func stage(
        on snapshot: Snapshot, _ body: (Staging, Entry) async throws -> Entry
    ) async throws -> ChangeResult {
        try await commit(ChangeOptions()) { staging in
            StagedChange(
                base: snapshot.root, baseLinks: snapshot.links, root: try await body(staging, snapshot.root))
        }
    }
}

func name(_ text: String) -> [UInt8] { Array(text.utf8) }
