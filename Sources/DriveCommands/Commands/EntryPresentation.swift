import Drive
import DriveFormat
import Foundation
import Glibc

/// An entry of the drive in the words of `ls` and `stat`.
struct EntryPresentation {
    let name: [UInt8]
    /// The inode's, where the name is one of several.
    let entry: Entry
    /// How many names it has; nil where what the name stands for is missing, and nothing is known but its type.
    let links: UInt32?

    init(name: [UInt8], _ entry: Entry, in snapshot: Snapshot) async throws {
        let inode = try await snapshot.inode(of: entry)
        self.init(name: name, entry: inode?.entry ?? entry, links: inode?.names)
    }

    init(name: [UInt8], entry: Entry, links: UInt32?) {
        self.name = name
        self.entry = entry
        self.links = links
    }

    /// `-rw-r--r--   1 alice users 1234 2026-11-22 14:03 name -> target`, links and sizes in columns.
    func line(raw: Bool) -> [UInt8] {
        guard let links else {
            return Array("\(permissions)   ? ? ?            ? ? ".utf8) + Self.shown(name, raw: raw)
        }
        let owner = Self.name(entry.owner) + " " + Self.name(entry.group)
        let size = String(entry.size)
        let padding = String(repeating: " ", count: max(0, 12 - size.count))
        let time = Date(timeIntervalSince1970: Double(entry.modified.seconds)).localText
        let count = String(repeating: " ", count: max(0, 3 - String(links).count)) + String(links)
        var line =
            Array("\(permissions) \(count) \(owner) \(padding)\(size) \(time) ".utf8) + Self.shown(name, raw: raw)
        if let target { line += Array(" -> ".utf8) + Self.shown(target, raw: raw) }
        return line
    }

    var members: [(String, JSONText)] {
        var members = JSONText.name(name)
        members.append(("type", .string(typeName)))
        guard let links else { return members + [("damaged", .bool(true))] }
        members += [
            ("links", .integer(Int64(links))), ("mode", .string(String(entry.mode, radix: 8))),
            ("size", .integer(Int64(clamping: entry.size))),
            ("modified", .string(entry.modified.text)), ("changed", .string(entry.changed.text)),
            ("uid", .integer(Int64(entry.owner.id))), ("gid", .integer(Int64(entry.group.id))),
        ]
        members += JSONText.name(entry.owner.name, as: "owner") + JSONText.name(entry.group.name, as: "group")
        if let target { members += JSONText.name(target, as: "target") }
        return members
    }

    var target: [UInt8]? {
        guard entry.type == .symlink, case .inline(let target) = entry.content else { return nil }
        return target
    }

    var typeName: String {
        switch entry.type {
        case .file: "file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .fifo: "fifo"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .socket: "socket"
        }
    }

    var permissions: String {
        let letters: [EntryType: Character] = [
            .file: "-", .directory: "d", .symlink: "l", .fifo: "p", .characterDevice: "c", .blockDevice: "b",
            .socket: "s",
        ]
        var text = String(letters[entry.type] ?? "?")
        guard links != nil else { return text + String(repeating: "?", count: 9) }
        for (shift, special) in [(6, 0o4000), (3, 0o2000), (0, 0o1000)] {
            let bits = Int(entry.mode) >> shift & 7
            text += bits & 4 != 0 ? "r" : "-"
            text += bits & 2 != 0 ? "w" : "-"
            let mark = shift == 0 ? "t" : "s"
            switch (Int(entry.mode) & special != 0, bits & 1 != 0) {
            case (true, true): text += mark
            case (true, false): text += mark.uppercased()
            case (false, let executes): text += executes ? "x" : "-"
            }
        }
        return text
    }

    private static func name(_ owner: Owner) -> String {
        owner.name.isEmpty ? String(owner.id) : String(decoding: owner.name, as: UTF8.self)
    }

    /// A name as it is, or for a terminal: what would move the cursor is replaced.
    static func shown(_ name: [UInt8], raw: Bool) -> [UInt8] {
        raw ? name : name.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
    }
}

extension Timestamp {
    var date: Date { Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9) }

    /// What RFC 3339 can write: four digits of a year. File systems know other times.
    fileprivate static let writable: Range<Int64> = -62_135_596_800..<253_402_300_800

    /// RFC 3339 with nanoseconds, in UTC; `@` and the seconds since 1970 where that has no form for it.
    var text: String {
        guard Self.writable.contains(seconds) else { return "@\(seconds)" }
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = String(nanoseconds)
        return whole.dropLast() + "." + String(repeating: "0", count: 9 - digits.count) + digits + "Z"
    }
}

extension Date {
    /// `2026-11-22 14:03` by this machine's clock.
    var localText: String {
        guard let exact = Int64(exactly: timeIntervalSince1970.rounded(.down)), Timestamp.writable.contains(exact)
        else {
            return "@\(timeIntervalSince1970)"
        }
        var seconds = time_t(exact)
        var parts = unsafe tm()
        unsafe localtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return unsafe day + " \(two(parts.tm_hour)):\(two(parts.tm_min))"
    }
}
