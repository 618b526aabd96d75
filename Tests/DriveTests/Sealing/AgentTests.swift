import Foundation
import LocalSockets
import Primitives
import SystemPackage
import TestSupport
import Testing

@testable import Sealing

@Suite struct AgentTests {
    /// Runs an agent on a thread of its own while `body` talks to it, and waits for its end.
    private func withAgent(
        keys: [KeystoreID: DailyKeys] = [:], duration: Duration = .seconds(3600),
        _ body: (KeyAgentClient, FilePath) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let path = FilePath(directory.path).appending("run").appending("agent.sock")
            let (ended, end) = AsyncStream<AgentError?>.makeStream()
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    do throws(AgentError) {
                        try KeyAgent.serve(socketPath: path, keys: keys, duration: duration) { continuation.resume() }
                        end.yield(nil)
                    } catch {
                        end.yield(error)
                    }
                    end.finish()
                }
            }
            let client = KeyAgentClient(socketPath: path)
            do { try await body(client, path) } catch {
                try client.lock()
                throw error
            }
            try client.lock()
            for await error in ended { #expect(error == nil) }
            #expect(!FileManager.default.fileExists(atPath: path.string))
        }
    }

    @Test func `an agent hands out what it holds, takes more, and forgets all when locked`() async throws {
        let (first, second) = (KeystoreID(.random()), KeystoreID(.random()))
        let (one, two) = (KeyFixture().daily, KeyFixture().daily)
        try await withAgent(keys: [first: one]) { client, _ in
            #expect(try client.fetch(first)?.record().equals(try one.record()) == true)
            #expect(try client.fetch(second) == nil)
            try client.add(second, two, for: .seconds(10_000))
            #expect(try client.fetch(second)?.record().equals(try two.record()) == true)
            let held = try #require(try client.held())
            #expect(Set(held.keys) == [first, second])
            #expect(held.values.allSatisfy { .zero < $0 && $0 <= .seconds(10_000) })
            #expect(try client.lock())
            #expect(try client.fetch(first) == nil)
            #expect(try !client.lock())
            #expect(throws: AgentError.notRunning) { try client.add(first, one, for: .seconds(1)) }
            #expect(try client.held() == nil)
        }
    }

    @Test func `keys go when their time is up, and with the last of them the agent`() async throws {
        let id = KeystoreID(.random())
        try await withAgent(keys: [id: KeyFixture().daily], duration: .milliseconds(1)) { client, path in
            while FileManager.default.fileExists(atPath: path.string) { await Task.yield() }
            let keys = try client.fetch(id)
            #expect(keys == nil)
        }
    }

    @Test func `a socket has one agent`() async throws {
        try await withAgent(keys: [KeystoreID(.random()): KeyFixture().daily]) { client, path in
            #expect(throws: AgentError.alreadyRunning) {
                try KeyAgent.serve(socketPath: path, duration: .seconds(1))
            }
            let held = try client.held()
            #expect(held?.count == 1)
        }
    }

    @Test func `an agent takes a bounded number of keystores`() async throws {
        try await withAgent(keys: [KeystoreID(.random()): KeyFixture().daily]) { client, _ in
            let daily = KeyFixture().daily
            for _ in 1..<KeyAgent.maximumKeystoreCount {
                try client.add(KeystoreID(.random()), daily, for: .seconds(3600))
            }
            #expect(throws: AgentError.refused) { try client.add(KeystoreID(.random()), daily, for: .seconds(3600)) }
            #expect(try client.held()?.count == KeyAgent.maximumKeystoreCount)
        }
    }

    @Test func `what a killed agent left does not stop the next one`() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory.appending(path: "run")
            try FileManager.default.createDirectory(
                at: run, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            let path = FilePath(run.path).appending("agent.sock")
            _ = try LocalSocket.listen(at: path)  // closed at once; its file stays
            #expect(try KeyAgentClient(socketPath: path).held() == nil)
            let id = KeystoreID(.random())
            try KeyAgent.serve(socketPath: path, keys: [id: KeyFixture().daily], duration: .milliseconds(1))
        }
    }

    @Test func `a directory that others can enter is refused by both sides`() async throws {
        try await withTemporaryDirectory { directory in
            let run = FilePath(directory.path).appending("run")
            try FileManager.default.createDirectory(
                atPath: run.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o750])
            let path = run.appending("agent.sock")
            #expect(throws: AgentError.unsafeDirectory(run)) {
                try KeyAgent.serve(socketPath: path, duration: .seconds(1))
            }
            #expect(throws: AgentError.unsafeDirectory(run)) {
                try KeyAgentClient(socketPath: path).fetch(KeystoreID(.random()))
            }
            let link = FilePath(directory.path).appending("link")
            try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: directory.path)
            #expect(throws: AgentError.unsafeDirectory(link)) {
                try KeyAgentClient(socketPath: link.appending("agent.sock")).held()
            }
        }
    }

    @Test func `a path longer than a socket's is refused`() async throws {
        try await withTemporaryDirectory { directory in
            let path = FilePath(directory.path).appending(String(repeating: "d", count: 100)).appending("agent.sock")
            #expect(throws: AgentError.pathTooLong(path)) {
                try KeyAgent.serve(socketPath: path, duration: .seconds(1))
            }
        }
    }

    @Test func `messages that are not in the protocol are refused, and the agent lives on`() async throws {
        try await withAgent(keys: [KeystoreID(.random()): KeyFixture().daily]) { client, path in
            let id = [UInt8](repeating: 7, count: 16)
            let messages: [[UInt8]] = [
                [0], [1], [2, 4], [1, 0], [1, 5], [1, 1], [1, 1] + id.dropLast(), [1, 1] + id + [0], [1, 3, 0],
                [1, 4, 0],
                [1, 2] + id + [0, 0, 0], [1, 2] + id + [1, 0, 0, 0],
                [1, 2] + id + [1, 0, 0, 0] + [UInt8](repeating: 1, count: 4097),
            ]
            for message in messages {
                let socket = try LocalSocket.connect(to: path)
                try socket.send(message)
                #expect(socket.receive(limit: 100) == [1, 3])
            }
            let socket = try LocalSocket.connect(to: path)
            try socket.send([UInt8](repeating: 1, count: 60_000))
            #expect(socket.receive(limit: 100) == nil)
            #expect(try client.held()?.count == 1)
        }
    }

    @Test func `answers that are not in the protocol are refused`() {
        for answer: [UInt8] in [[], [1], [2, 0], [1, 0, 0], [1, 1], [1, 5], [1, 2, 0], [1, 4, 1]] {
            #expect(AgentAnswer(answer) == nil)
        }
        #expect(AgentAnswer([UInt8](repeating: 1, count: 5000)) == nil)
    }
}
