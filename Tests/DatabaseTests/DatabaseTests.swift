import Foundation
import Testing

@testable import Database

private struct Failure: Error {}

/// Runs `body` with the path of a database in a directory that is removed afterwards.
private func withPath(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "database-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appending(path: "test.db").path)
}

private let migrations = [Migration("CREATE TABLE item (key BLOB PRIMARY KEY, value INTEGER, note TEXT) WITHOUT ROWID")]

@Test func `values come back as they were written`() async throws {
    try await withPath { path in
        let database = try Database(path: path, migrations: migrations)
        let count = try await database.write { connection in
            try connection.execute("INSERT INTO item VALUES (?, ?, ?)", [.blob([0, 255]), .integer(-7), "naïve"])
        }
        #expect(count == 1)
        let row = try await database.read { try $0.row("SELECT key, value, note FROM item") }
        #expect(try row?.blob(0) == [0, 255])
        #expect(try row?.integer(1) == -7)
        #expect(try row?.text(2) == "naïve")
        #expect(throws: DatabaseError.unexpectedValue(column: 2, expected: "an integer")) { try row?.integer(2) }
        #expect(throws: DatabaseError.unexpectedValue(column: 3, expected: "a column")) { try row?.integer(3) }
        #expect(throws: DatabaseError.self) { try row?.integer(1, as: UInt8.self) }
        #expect(try await database.read { try $0.query("SELECT 1 WHERE 0") }.isEmpty)
    }
}

/// Locks of this process on a file, by inode, as the kernel lists them (proc(5)).
private func locks(on path: String) throws -> Int {
    let inode = try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int)
    let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8)
    return locks.split(separator: "\n").count { $0.contains(" \(getpid()) ") && $0.contains(":\(inode) ") }
}

@Test func `opening a database once more in a process takes no lock away`() async throws {
    try await withPath { path in
        let database = try Database(path: path, migrations: migrations)
        let before = try locks(on: path)
        #expect(before > 0)
        try Database(path: path, migrations: migrations).close()
        #expect(try locks(on: path) == before)
        #expect(try await database.read { try $0.query("SELECT * FROM item") }.isEmpty)
    }
}

@Test func `a transaction that throws leaves nothing behind`() async throws {
    try await withPath { path in
        let database = try Database(path: path, migrations: migrations, durability: .disk)
        await #expect(throws: Failure.self) {
            try await database.write { connection in
                try connection.execute("INSERT INTO item VALUES (?, 1, NULL)", [.blob([1])])
                throw Failure()
            }
        }
        #expect(try database.readBlocking { try $0.row("SELECT count(*) FROM item")?.integer(0) } == 0)
    }
}

@Test func `migrations run once and a newer file is refused`() async throws {
    try await withPath { path in
        try Database(path: path, migrations: migrations).close()
        let more = migrations + [Migration { try $0.execute("INSERT INTO item VALUES (x'00', 1, NULL)") }]
        try Database(path: path, migrations: more).close()
        let database = try Database(path: path, migrations: more)
        #expect(try await database.read { try $0.query("SELECT * FROM item") }.count == 1)
        #expect(throws: DatabaseError.newerSchema(found: 2, supported: 1)) {
            try Database(path: path, migrations: migrations)
        }
    }
}

@Test func `a broken rule, a full disk and a damaged file are told apart`() async throws {
    try await withPath { path in
        let database = try Database(path: path, migrations: migrations)
        let isConstraint = { (error: any Error) in
            if case DatabaseError.constraint = error { true } else { false }
        }
        await #expect(
            performing: {
                try await database.write { connection in
                    try connection.execute("INSERT INTO item VALUES (x'00', 1, NULL)")
                    try connection.execute("INSERT INTO item VALUES (x'00', 2, NULL)")
                }
            }, throws: isConstraint)
        await #expect(throws: DatabaseError.full) {
            try await database.write { connection in
                try connection.script("PRAGMA max_page_count = 3")
                try connection.execute(
                    "INSERT INTO item VALUES (x'01', 1, ?)", [.text(String(repeating: "x", count: 99999))])
            }
        }
        try database.close()
        for log in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + log) }
        try Data(repeating: UInt8(ascii: "x"), count: 8192).write(to: URL(filePath: path))
        do {
            _ = try Database(path: path, migrations: migrations)
            Issue.record("a damaged file was opened")
        } catch DatabaseError.corrupt {} catch {
            Issue.record("\(error)")
        }
        #expect(throws: (any Error).self) { try Database(path: "/nonexistent/x.db", migrations: migrations) }
    }
}

@Test func `a database and its log are their owner's alone to read`() async throws {
    try await withPath { path in
        let database = try Database(path: path, migrations: migrations)
        try await database.write { try $0.execute("INSERT INTO item VALUES (x'01', 1, 'x')") }
        for file in [path, path + "-wal"] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(file)")
        }
    }
}
