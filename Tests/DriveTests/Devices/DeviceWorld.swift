import BlobStore
import CESS
import DriveFormat
import Foundation
import Primitives
import SCALE
import Sealing
import Substrate
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Drive

/// Devices of one drive that work at once, badly connected, until they are left in peace.
///
/// Times in the model are heights of the chain.
final class DeviceWorld {
    /// A machine. It is a new process for each operation.
    private struct Device {
        let number: Int
        var home: String
        var keys: DeviceKeys
        var line: DeviceLine
        /// Whether it has found the drive.
        var isKnown: Bool
        var isBusy = false
        /// Operations that were promised less than completion, and the ones that completion is promised for with them.
        var pending: [Int] = []
    }

    /// What an operation came to.
    private struct Outcome: Sendable {
        let device: Int
        var attempt: DriveModel.Attempt?
        var error: (any Error)?
        var isComplete = false
        var isWaitShort = false
        var isAdopted = false
    }

    private let fixture: DriveFixture
    private let turns: Turns
    private let seed: UInt64
    private let partialLimit: Int
    private let hasMoves: Bool
    private var random: SplitMix64
    private var devices: [Device] = []
    private var model = DriveModel()
    private var lost: Set<FID> = []
    private var began = 0
    private var homes = 0
    private(set) var trace: [String] = []

    init(_ fixture: DriveFixture, seed: UInt64, deviceCount: Int) {
        self.fixture = fixture
        self.seed = seed
        random = SplitMix64(seed: seed)
        turns = Turns(seed: random.next())
        partialLimit = 2 + Int(random.next() % 2)
        hasMoves = !random.next().isMultiple(of: 3)
        for number in 0..<deviceCount { devices.append(newDevice(number)) }
    }

    private func newDevice(_ number: Int) -> Device {
        homes += 1
        return Device(
            number: number, home: "home-\(homes)", keys: .random(),
            line: DeviceLine(fixture.network, turns, device: number), isKnown: false)
    }

    private func drive(_ device: Device) throws -> Drive {
        try fixture.drive(home: device.home, device: device.keys, partialLimit: partialLimit, through: device.line)
    }

    private var height: UInt32 { fixture.network.state.withLock { $0.chain.height } }

    private func choose<C: RandomAccessCollection>(_ choices: C) -> C.Element where C.Index == Int {
        choices[choices.startIndex + Int(random.next() % UInt64(choices.count))]
    }

    private func happens(_ percent: UInt64) -> Bool { random.next() % 100 < percent }

    // MARK: Trouble

    /// As many at once: each has a segment of memory.
    private static let atOnce = 3

    /// Lets the devices do so many operations.
    func run(operations: Int) async throws {
        let first = try drive(devices[0])
        _ = try await first.create(ChangeOptions())
        turns.end(0)
        devices[0].isKnown = true
        var left = operations
        var busy = 0
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            while left > 0 || busy > 0 {
                while left > 0, busy < min(Self.atOnce, devices.count) {
                    let idle = devices.indices.filter { !devices[$0].isBusy }
                    let work = try begin(choose(idle))
                    group.addTask { await work() }
                    left -= 1
                    busy += 1
                }
                guard let outcome = try await group.next() else { break }
                busy -= 1
                end(outcome)
                fixture.network.dropForgottenFragments()
            }
        }
    }

    private func fault(for device: Device) -> DeviceLine.Fault {
        let kind = random.next() % 100
        if kind < 15 { return .cut(at: 1 + Int(random.next() % 90), hasEffect: happens(50)) }
        if kind < 27 {
            let back = UInt32(1 + random.next() % 60)
            let now = height
            let number = now > back + 1 ? now - back : 2
            let block = BlockRef(number: number, hash: MemoryChainState.hash(ofBlock: number), milliseconds: 0)
            return .lag(block, questions: 5 + Int(random.next() % 100))
        }
        if kind < 34 {
            let held = fixture.network.state.withLock { $0.chain.held[fixture.account] ?? [] }.map(\.fid)
            let own = device.line.declared
            let hidden =
                happens(50)
                ? held.suffix(1 + Int(random.next() % 3)) : held.filter { _ in happens(30) }[...]
            return .hide(Set(hidden).subtracting(own), isConsistent: happens(50))
        }
        return .none
    }

    private func path() throws -> DrivePath {
        let name = choose(["a", "b", "c"])
        let directory = hasMoves ? choose(["", "", "/d", "/e"]) : ""
        return try DrivePath("\(directory)/\(name)")
    }

    private func begin(_ index: Int) throws -> @Sendable () async -> Outcome {
        if devices[index].isKnown, index > 0 || devices.count == 1, happens(3) {
            // The disk is gone, with what was on its way.
            lost.formUnion(devices[index].line.declared)
            trace.append("device \(index) loses its home")
            devices[index] = newDevice(index)
        }
        devices[index].isBusy = true
        began += 1
        let (number, device) = (began, devices[index])
        let fault = fault(for: device)
        device.line.set(fault)
        let drive = try drive(device)
        let start = height
        var isHonest = false
        if case .none = fault { isHonest = true }
        guard device.isKnown else {
            trace.append("\(number): device \(index) adopts, \(fault)")
            return work(index) { [fixture] outcome in
                _ = try await drive.adopt(fixture.root)
                outcome.isAdopted = true
            }
        }
        var options = ChangeOptions()
        options.message = "\(number)"
        if happens(15) { options.stage = choose([.staged, .declared, .placed, .included]) }
        let chosen = random.next() % 100
        let (stage, network) = (options.stage, fixture.network)
        if chosen < 8 {
            trace.append("\(number): device \(index) finishes, \(fault)")
            return work(index) { outcome in
                _ = try await drive.finish(ChangeOptions())
                outcome.isComplete = true
            }
        }
        if chosen < 12 {
            trace.append("\(number): device \(index) reads, \(fault)")
            return work(index) { outcome in _ = try await Self.files(of: drive.head()) }
        }
        let saw = isHonest ? start : 0
        func attempt(_ action: DriveModel.Action, _ content: [UInt8] = []) -> DriveModel.Attempt {
            DriveModel.Attempt(
                number: number, action: action, content: content, visible: start, sawBefore: saw)
        }
        func change(
            _ attempt: DriveModel.Attempt, _ body: @escaping @Sendable () async throws -> Void
        ) -> @Sendable () async -> Outcome {
            trace.append("\(number): device \(index) \(attempt.action) to \(stage), \(fault)")
            return work(index) { outcome in
                defer {
                    var done = attempt
                    done.end = network.state.withLock { $0.chain.height }
                    outcome.attempt = done
                }
                try await body()
                outcome.isComplete = stage == .complete
                outcome.isWaitShort = stage != .complete
            }
        }
        if chosen < 32 {
            let path = hasMoves && happens(10) ? try DrivePath(choose(["/d", "/e"])) : try path()
            return change(attempt(.remove(path))) { [options] in
                _ = try await drive.remove([path], recursive: true, options: options)
            }
        }
        if hasMoves, chosen < 44 {
            let isDirectory = happens(20)
            let source = isDirectory ? try DrivePath(choose(["/d", "/e"])) : try path()
            let target = isDirectory || happens(20) ? try DrivePath(choose(["/d", "/e"])) : try path()
            return change(attempt(.move(source, target))) { [options] in
                _ = try await drive.move(source, to: target, options: options)
            }
        }
        let path = try path()
        // Some contents are put more than once.
        let content =
            happens(15)
            ? noise(1500, seed: random.next() % 3)
            : noise(
                200 + Int(random.next() % 3000), seed: 1000 + UInt64(number))
        return change(attempt(.put(path), content)) { [options] in
            let rest = Mutex(content[...])
            _ = try await drive.put(
                stream: { count in
                    rest.withLock { rest in
                        let part = rest.prefix(count)
                        rest = rest.dropFirst(count)
                        return Array(part)
                    }
                }, to: path, options: options)
        }
    }

    private func work(
        _ index: Int, _ body: @escaping @Sendable (inout Outcome) async throws -> Void
    ) -> @Sendable () async -> Outcome {
        let turns = turns
        return {
            var outcome = Outcome(device: index)
            await turns.take(index)
            do { try await body(&outcome) } catch { outcome.error = error }
            turns.end(index)
            return outcome
        }
    }

    private func end(_ outcome: Outcome) {
        let index = outcome.device
        devices[index].isBusy = false
        devices[index].line.set(.none)
        if outcome.isAdopted { devices[index].isKnown = true }
        if let error = outcome.error { trace.append("device \(index) failed: \(error)") }
        guard outcome.error == nil else {
            if let attempt = outcome.attempt { model.add(attempt) }
            // Whether a former one was carried on is not known to whoever sees an error.
            return
        }
        if let attempt = outcome.attempt { model.add(attempt) }
        let now = height
        if outcome.isComplete || outcome.isWaitShort {
            // What was left undone was carried on first.
            for number in devices[index].pending { model.promise(number, at: now) }
            devices[index].pending = []
        }
        if outcome.isComplete, let attempt = outcome.attempt { model.promise(attempt.number, at: now) }
        if outcome.isWaitShort, let attempt = outcome.attempt { devices[index].pending = [attempt.number] }
    }

    // MARK: Peace

    /// Leaves the devices in peace, and looks at what they show.
    func settle() async throws {
        for device in devices { device.line.set(.none) }
        for index in devices.indices {
            defer { turns.end(index) }
            if !devices[index].isKnown { _ = try await drive(devices[index]).adopt(fixture.root) }
            devices[index].isKnown = true
            _ = try await drive(devices[index]).finish(ChangeOptions())
            let now = height
            for number in devices[index].pending { model.promise(number, at: now) }
            devices[index].pending = []
        }
        for round in 0..<2 {
            for index in devices.indices {
                defer { turns.end(index) }
                began += 1
                let content = noise(300, seed: 1000 + UInt64(began))
                let path = try DrivePath("/last \(index) \(round)")
                let start = height
                let left = Mutex(content)
                _ = try await drive(devices[index]).put(
                    stream: { _ in
                        left.withLock { bytes in
                            defer { bytes = [] }
                            return bytes
                        }
                    }, to: path, options: ChangeOptions())
                model.add(
                    DriveModel.Attempt(
                        number: began, action: .put(path), content: content, visible: start, end: height,
                        sawBefore: start, promised: height))
                fixture.network.dropForgottenFragments()
            }
        }
        try await expectPeace()
    }

    private func expectPeace() async throws {
        let fresh = newDevice(devices.count)
        let everyone = devices + [fresh]
        var shown: [[DrivePath: [UInt8]]] = []
        for device in everyone {
            defer { turns.end(device.number) }
            let drive = try drive(device)
            let head = device.home == fresh.home ? try await drive.adopt(fixture.root) : try await drive.head()
            shown.append(try await Self.files(of: head))
            let reading = try await drive.reading(local: SpooledSegments(directory: drive.home.spool.string))
            let tips = try await reading.heads.refresh().tips
            #expect(tips.count == 1, "seed \(seed): device \(device.number) sees \(tips.count) tips")
            #expect(try await drive.status().spooledBytes == 0, "seed \(seed)")
        }
        for files in shown { #expect(files == shown[0], "seed \(seed): devices differ") }
        for fault in model.faults(of: shown[0]) { Issue.record("seed \(seed): \(fault)") }
        defer { turns.end(0) }
        let drive = try drive(fresh)
        try await expectHistory(of: drive)
        try await expectNoLeak(drive)
        let declared = fixture.network.declarations
        #expect(Set(declared).count == declared.count, "seed \(seed): a deal was declared twice")
    }

    private func expectHistory(of drive: Drive) async throws {
        let reading = try await drive.reading(local: SpooledSegments(directory: drive.home.spool.string))
        var open = [try await drive.head().found]
        var known: Set<CommitReference> = []
        while let commit = open.popLast() {
            guard known.insert(commit.reference).inserted else { continue }
            do { _ = try await Self.files(of: drive.snapshot(commit, reading)) } catch {
                Issue.record("seed \(seed): commit \(commit.commit.sequence) cannot be read: \(error)")
            }
            for parent in commit.commit.parents where !known.contains(parent) {
                open.append(try await drive.commit(parent, reading))
            }
        }
        let log = try await drive.log()
        #expect(log.last?.commit.sequence == 1, "seed \(seed)")
    }

    /// Every file of the account is one that the drive knows of, or one that a lost device had under way.
    private func expectNoLeak(_ drive: Drive) async throws {
        let head = try await drive.head()
        var known: Set<FID> = [FID(head.found.fid)]
        if let set = head.commit.volumes {
            for try await item in head.trees.volumes.entries(of: set) {
                known.insert(FID(try VolumeRecord(scaleBytes: item.value).fid))
            }
        }
        let live = known
        known.formUnion(head.commit.doomed.map { FID($0.fid) })
        let files = Set(fixture.network.files.keys)
        #expect(live.isSubset(of: files), "seed \(seed): a live volume is gone")
        #expect(files.subtracting(known).isSubset(of: lost), "seed \(seed): a volume is left over")
        #expect(Set(fixture.network.deals.keys).isSubset(of: lost), "seed \(seed): a deal is left open")
    }

    private static func files(of snapshot: Snapshot) async throws -> [DrivePath: [UInt8]] {
        var files: [DrivePath: [UInt8]] = [:]
        var open = [DrivePath.root]
        while let directory = open.popLast() {
            var paths: [DrivePath] = []
            try await snapshot.list(directory) { name, entry in
                if entry.type == .directory {
                    open.append(directory.appending(name))
                } else {
                    paths.append(directory.appending(name))
                }
            }
            for path in paths {
                var bytes: [UInt8] = []
                try await snapshot.read(path) { bytes += $0 }
                files[path] = bytes
            }
        }
        return files
    }
}

extension MemoryNetwork {
    /// Nodes drop what no deal and no file is of.
    func dropForgottenFragments() {
        state.withLock { state in
            var kept: Set<FragmentHash> = []
            for file in state.chain.files.values {
                for segment in file.segments { kept.formUnion(segment.fragments.map(\.hash)) }
            }
            for deal in state.chain.deals.values {
                for segment in deal.segments { kept.formUnion(segment.fragments) }
            }
            for index in state.nodes.indices {
                state.nodes[index].fragments = state.nodes[index].fragments.filter { kept.contains($0.key) }
            }
        }
    }
}
