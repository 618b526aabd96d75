internal import CESS
internal import DriveFormat
internal import ErasureCoding
internal import Logging
internal import Primitives
public import Substrate

/// Brings the volumes of a plan from the spool to the network: the second half of a change's way. Every step looks first
/// at what the chain and this machine's memory say is done, so that it can be stopped anywhere and run again.
///
/// Design: Docs/Design.md, "Commits". Rules of the network: Docs/Protocol/CESS.md, 8.2.
public struct Placer: Sendable {
    /// A node that holds a row but has not reported it after so many blocks is given up for another.
    static let reportPatience: Int64 = 40

    let chain: any StorageChain
    let nodes: any FragmentNodes
    let database: StoreDatabase
    let spool: Spool
    let account: AccountID
    let signer: KeyPair
    let territory: [UInt8]
    /// Bytes of the territory that are to be left when everything is declared.
    let reserve: UInt64
    /// Rows that are sent at once.
    let transfers: Int
    let observer: StoreObserver
    /// Returns when nothing of the plan is on its way any more that is sent beside this.
    public let othersAreDone: @Sendable () async -> Void

    public init(
        chain: any StorageChain, nodes: any FragmentNodes, database: StoreDatabase, spool: Spool,
        signer: KeyPair,
        territory: [UInt8], reserve: UInt64 = 0, transfers: Int = 4, observer: @escaping StoreObserver = { _ in },
        othersAreDone: @escaping @Sendable () async -> Void = {}
    ) {
        self.chain = chain
        self.nodes = nodes
        self.database = database
        self.spool = spool
        self.account = signer.accountID
        self.signer = signer
        self.territory = territory
        self.reserve = reserve
        self.transfers = transfers
        self.observer = observer
        self.othersAreDone = othersAreDone
    }

    /// Declarations that a fork took back, or whose nonce another machine was faster with, are made so often again.
    private static let declarationAttempts = 4

    /// Three segments: with less left nothing could be removed or folded any more to make room.
    public static let reserve = 3 * UInt64(CESSLimits.chargedByteCount(segmentCount: 1))

    /// Carries the plan on to a stage.
    ///
    /// - Throws: `StoreError`, or what chain and nodes throw. Running again goes on where it ended.
    public func carry(_ plan: PlacementPlan, to stage: Stage) async throws {
        guard stage > .staged else { return }
        let volumes = try await load(plan.contents, commit: plan.commit)
        try await persistently { try await carry(volumes, to: stage) }
    }

    private func persistently(_ work: () async throws -> Void) async throws {
        for attempt in 1...Self.declarationAttempts {
            do {
                try await work()
                return
            } catch StoreError.notDeclared where attempt < Self.declarationAttempts {
                continue
            } catch StoreError.lapsed where attempt < Self.declarationAttempts {
                continue
            } catch StoreError.movedOn where attempt < Self.declarationAttempts {
                // Or a fork took it back between the two questions.
                continue
            }
        }
    }

    /// Declares a volume of a commit that is still to be made: whose plan goes on where this ended.
    ///
    /// - Throws: as `carry`.
    public func declare(_ content: PlacementPlan.Volume) async throws {
        let volumes = try await load([content], commit: nil)
        try await persistently { try await declare(volumes) }
    }

    /// Sends all rows of a declared volume whose commit is still to be made.
    ///
    /// - Throws: as `carry`.
    public func place(_ content: PlacementPlan.Volume) async throws {
        try await place(load([content], commit: nil), withholding: false)
    }

    private func carry(_ volumes: [Volume], to stage: Stage) async throws {
        try await declare(volumes)
        observer(.reached(.declared))
        guard stage > .declared else { return }
        await othersAreDone()
        let hasContents = volumes.contains { !$0.isCommit }
        try await place(volumes, withholding: hasContents)
        observer(.reached(.placed))
        guard stage > .placed else { return }
        if hasContents {
            try await waitForFiles(volumes, only: { !$0.isCommit }, finalized: true)
            try await place(volumes, withholding: false)
        }
        try await waitForFiles(volumes, only: { _ in true }, finalized: false)
        observer(.reached(.included))
        guard stage > .included else { return }
        try await waitForFiles(volumes, only: { _ in true }, finalized: true)
    }

    /// The volumes are published: nothing that was sent for them is asked for again. Until then it is what tells a server
    /// that does not show them yet from a chain that has never had them.
    public func forgetSubmissions() async throws { try await submissions.forget() }

    /// Whether the chain has a deal or a file for the commit's volume; what was sent before is settled first.
    ///
    /// - Throws: `StoreError.movedOn` if it had.
    public func isCommitDeclared(_ plan: PlacementPlan) async throws -> Bool {
        let included = try await submissions.settle()
        let commit = try await load([], commit: plan.commit)
        return try await undeclared(commit, since: included).isEmpty
    }

    private var submissions: Submissions { Submissions(chain: chain, database: database) }

    struct Volume: Sendable {
        let id: VolumeID
        let name: [UInt8]
        let record: VolumeRecord
        let isCommit: Bool

        init(_ planned: PlacementPlan.Volume, record: VolumeRecord, isCommit: Bool) {
            id = planned.id
            name = planned.name
            self.record = record
            self.isCommit = isCommit
        }

        var fid: FID { FID(record.fid) }
        /// What the network charges for it.
        var chargedBytes: UInt64 { UInt64(CESSLimits.chargedByteCount(segmentCount: record.segments.count)) }

        var declaration: VolumeDeclaration {
            VolumeDeclaration(
                fid: fid,
                segments: record.segments.map {
                    SegmentList(hash: SegmentHash($0.hash), fragments: $0.fragments.map { FragmentHash($0) })
                },
                name: name, fileSize: UInt64(record.segments.count * SegmentLayout.byteCount))
        }
    }

    private func load(_ contents: [PlacementPlan.Volume], commit: PlacementPlan.Volume?) async throws -> [Volume] {
        var volumes: [Volume] = []
        for planned in contents + [commit].compactMap({ $0 }) {
            let record = try await spool.record(planned.id)
            volumes.append(Volume(planned, record: record, isCommit: planned == commit))
        }
        return volumes
    }

    // MARK: Declaring

    /// Declares what is not yet declared: contents in one extrinsic, the commit's volume in a later one.
    ///
    /// A deal is never declared twice: the chain would replace it and leak what it locked (protocol reference §12, 7).
    /// Nor is one that became a file and was deleted since: if another machine has done that, the commit is part of the
    /// history, and what was sent for it is still in its block. Contents that no commit had then get another name.
    private func declare(_ volumes: [Volume]) async throws {
        let fids = Set(volumes.map(\.fid.bytes))
        let undeclared = try await undeclared(volumes, since: try await submissions.settle(only: fids))
        guard !undeclared.isEmpty else { return }
        try await checkTerritory(for: undeclared)
        try await checkNodes(for: volumes)
        for group in Self.groups(undeclared) {
            try await submissions.declare(group, in: territory, signer: signer)
        }
        for volume in try await self.undeclared(volumes, since: try await submissions.settle(only: fids)) {
            // Included, and yet not there: it was refused as a whole without an error, or a fork took it away.
            throw StoreError.notDeclared(volume.fid)
        }
    }

    /// So many blocks are waited for a server that is behind one that was asked before.
    private static let lagPatience = 5

    /// Volumes that are declared by one extrinsic: far below what a block holds.
    private static let declarationLimit = 16

    /// The commit's volume comes by itself, after its contents.
    private static func groups(_ volumes: [Volume]) -> [[Volume]] {
        let contents = volumes.filter { !$0.isCommit }
        let starts = stride(from: 0, to: contents.count, by: declarationLimit)
        return starts.map { Array(contents[$0..<min($0 + declarationLimit, contents.count)]) }
            + volumes.filter(\.isCommit).map { [$0] }
    }

    /// Those that the best block has neither a deal nor a file of, or a deal that can never become a file.
    ///
    /// What a deal locks is set free when the territory expires and is taken up again meanwhile: then the last report
    /// fails for ever, and declaring again is the only remedy (protocol reference §12, 14).
    ///
    /// - Parameter included: the blocks that have what was declared before. A server that is behind them does not show that,
    ///   and would have it declared twice.
    /// - Throws: `StoreError.notDeclared` if the server stays behind, `movedOn` where what was declared has come and gone,
    ///   `lapsed` where no commit can have had it.
    private func undeclared(_ volumes: [Volume], since included: [Bytes32: BlockNumber]) async throws -> [Volume] {
        let newest = included.values.max() ?? 0
        var block = try await chain.bestBlock()
        for _ in 0..<Self.lagPatience where block.number < newest {
            try await Task.sleep(for: chain.blockTime)
            block = try await chain.bestBlock()
        }
        if block.number < newest, let volume = volumes.last { throw StoreError.notDeclared(volume.fid) }
        let states = Array(zip(volumes, try await states(of: volumes, at: block.hash)))
        // Its last row was sent when all the others were final: it stands for them.
        if states.contains(where: { $0.0.isCommit && $0.1 == .file }) { return [] }
        let missing = states.filter { $0.1 == .nothing }.map(\.0)
        let open = states.filter { if case .deal = $0.1 { true } else { false } }.map(\.0)
        let due = open.reduce(UInt128(0)) { $0 + UInt128($1.chargedBytes) }
        let gone = missing.compactMap { volume in included[volume.fid.bytes].map { (volume, $0) } }
        guard due > 0 || !gone.isEmpty else { return missing }
        let lease = try await chain.territory(of: account, named: territory, at: block.hash)
        // Nothing but its completion ends a deal, and nothing but its deletion a file, as long as the lease lasts.
        let ended = gone.filter { _, declared in lease.map { $0.start <= declared } == true }
        if let (first, _) = ended.first {
            throw try await areLapsed(ended, in: states, included)
                ? StoreError.lapsed(ended.map(\.0.fid)) : StoreError.movedOn(first.fid)
        }
        guard due > 0, let lease, lease.state == .active, lease.lockedSpace < due else { return missing }
        return states.filter { $0.1 != .file }.map(\.0)
    }

    /// Whether all that is gone are contents that were deleted because no commit had them: theirs is not complete, and
    /// never was.
    private func areLapsed(
        _ gone: [(Volume, BlockNumber)], in states: [(Volume, VolumeState)], _ included: [Bytes32: BlockNumber]
    ) async throws -> Bool {
        if let (commit, state) = states.first(where: { $0.0.isCommit }), state == .nothing,
            included[commit.fid.bytes] != nil
        {
            return false
        }
        // What this machine has sent no row of was never a file, whatever a server says.
        for (volume, _) in gone where try await database.placedRows(of: volume.id).isEmpty { return false }
        // A fork may take back what the best block has done.
        let final = try await chain.finalizedBlock()
        guard gone.allSatisfy({ $0.1 <= final.number }) else { return false }
        return try await self.states(of: gone.map(\.0), at: final.hash).allSatisfy { $0 == .nothing }
    }

    private func checkTerritory(for volumes: [Volume]) async throws {
        let block = try await chain.bestBlock()
        guard let found = try await chain.territory(of: account, named: territory, at: block.hash) else {
            throw StoreError.territoryMissing
        }
        switch found.state {
        case .active: break
        case .frozen: throw StoreError.territoryFrozen
        case .expired: throw StoreError.territoryExpired
        case .onConsignment: throw StoreError.territoryOnSale
        }
        let needed = volumes.reduce(reserve) { $0 + $1.chargedBytes }
        guard found.remainingSpace > UInt128(needed) else {
            throw StoreError.territoryTooSmall(needed: needed, remaining: UInt64(clamping: found.remainingSpace))
        }
    }

    private func checkNodes(for volumes: [Volume]) async throws {
        let needed = ReedSolomon.shardCount
        let pool = try await pool(for: volumes)
        guard await pool.hasUsable(needed) else {
            throw StoreError.tooFewNodes(usable: await pool.usableCount(), needed: needed)
        }
    }

    private func pool(for volumes: [Volume]) async throws -> NodePool {
        let block = try await chain.bestBlock()
        let segments = volumes.map(\.record.segments.count).max() ?? 1
        return NodePool(
            try await chain.nodes(at: block.hash),
            bytesPerRow: UInt64(segments * SegmentLayout.fragmentByteCount), nodes: nodes)
    }

    // MARK: Placing

    /// Sends every row that no node has reported or taken yet, but for the commit's last if it is withheld.
    private func place(_ volumes: [Volume], withholding: Bool) async throws {
        var work: [(volume: Volume, row: Int, nodes: VolumeNodes)] = []
        var total = 0
        for volume in volumes {
            guard let state = try await rowState(of: volume) else { continue }
            let nodes = VolumeNodes(taken: state.nodes)
            for row in state.missing where !(withholding && volume.isCommit && row == Self.withheldRow) {
                work.append((volume, row, nodes))
                total += volume.record.segments.count * SegmentLayout.fragmentByteCount
            }
        }
        guard !work.isEmpty else { return }
        let pool = try await pool(for: volumes)
        observer(.sending(total: total))
        let sender = RowSender(segments: MappedSegments(spool.segmentFiles), nodes: nodes)
        try await forEachBounded(work, limit: transfers) { item in
            try await send(row: item.row, of: item.volume, to: item.nodes, from: pool, by: sender)
        }
    }

    /// So often a node's word that there is no such deal is taken for a chain that lags.
    private static let dealPatience = 20

    /// Never all zeros, whatever the volume holds: parity row 12 of any segment with a prelude.
    static let withheldRow = ReedSolomon.shardCount - 1

    private func send(
        row: Int, of volume: Volume, to nodes: VolumeNodes, from pool: NodePool, by sender: RowSender
    ) async throws {
        var patience = Self.dealPatience
        while true {
            guard let node = await nodes.claim(from: pool) else {
                try Task.checkCancellation()
                throw StoreError.tooFewNodes(
                    usable: await pool.usableCount(), needed: ReedSolomon.shardCount)
            }
            do {
                try await sender.send(row: row, of: volume.id, record: volume.record, to: node) {
                    observer(.sent($0))
                }
            } catch let error where error is CancellationError || error is StoreError || Task.isCancelled {
                throw error
            } catch NodeError.notInDeal where patience > 0 {
                // The node's own chain may be some blocks behind the one that was asked here; or all rows are reported by now.
                patience -= 1
                await nodes.release(node)
                try await Task.sleep(for: chain.blockTime / 2)
                guard try await rowState(of: volume) != nil else { return }
                continue
            } catch {
                await nodes.giveUp(node, in: pool)
                continue
            }
            // Only now: an error of the chain or of this disk is not the node's.
            let block = try await chain.bestBlock()
            try await database.setPlaced(PlacedRow(row: row, node: node.account, block: block.number), of: volume.id)
            return
        }
    }

    /// Which rows of an open deal still need a node, and which nodes have one. Nil when the volume is a file already.
    ///
    /// - Throws: `StoreError.notDeclared` where the deal is gone.
    private func rowState(of volume: Volume) async throws -> (missing: [Int], nodes: Set<AccountID>)? {
        let block = try await chain.bestBlock()
        let state = try await states(of: [volume], at: block.hash)[0]
        guard case .deal(let deal) = state else {
            if state == .nothing { try await checkDeclared([volume]) }
            return nil
        }
        let placed = try await database.placedRows(of: volume.id)
        let reported = Set(deal.completed.map(\.row))
        let reporters = Set(deal.completed.map(\.node))
        // A node reports one row of a deal. One that has reported will not report another row; one that has been silent
        // for long may never.
        let pending = Set(
            placed.filter {
                // A server may have named any block then.
                let age = Int64(block.number) - Int64($0.block)
                return !reporters.contains($0.node) && age < Self.reportPatience && age > -Self.reportPatience
            }.map(\.row))
        // Rows whose fragments are equal (all zeros) are reported by whichever of their nodes comes first, so as many nodes
        // as rows are enough, whoever was sent which.
        let alike = Dictionary(grouping: 0..<ReedSolomon.shardCount) { row in
            volume.record.segments.map { $0.fragments[row] }
        }
        let missing = alike.values.flatMap { rows in
            let open = rows.filter { !reported.contains($0) }
            let own = open.filter(pending.contains)
            let spare = rows.count(where: pending.contains) - own.count
            return open.filter { !pending.contains($0) }.dropFirst(spare)
        }.sorted()
        // A node whose row another one has reported instead may have one that is still open.
        let waiting = placed.filter { !reported.contains($0.row) }
        return (missing, reporters.union(waiting.map(\.node)))
    }

    // MARK: Waiting

    /// Waits until the chosen volumes are files, sending rows anew whose nodes stay silent.
    private func waitForFiles(
        _ volumes: [Volume], only chosen: (Volume) -> Bool, finalized: Bool
    ) async throws {
        let wanted = volumes.filter(chosen)
        let withholding = wanted.count < volumes.count
        while true {
            let best = try await chain.bestBlock()
            let states = try await states(of: wanted, at: best.hash)
            let open = zip(wanted, states).filter { $0.1 != .file }.map(\.0)
            if open.isEmpty {
                guard finalized else { return }
                let final = try await chain.finalizedBlock()
                if try await self.states(of: wanted, at: final.hash).allSatisfy({ $0 == .file }) { return }
            } else {
                try await checkDeclared(zip(wanted, states).filter { $0.1 == .nothing }.map(\.0))
                let rows = states.reduce(0) { count, state in
                    switch state {
                    case .nothing, .taken: count
                    case .deal(let deal): count + deal.completed.count
                    case .file: count + ReedSolomon.shardCount
                    }
                }
                observer(.reported(rows: rows, of: wanted.count * ReedSolomon.shardCount))
                try await place(volumes, withholding: withholding)
            }
            try await Task.sleep(for: chain.blockTime / 4)
        }
    }
}

/// The nodes that hold or are being sent a row of one volume: twelve different ones.
actor VolumeNodes {
    private var taken: Set<AccountID>

    init(taken: Set<AccountID>) { self.taken = taken }

    func claim(from pool: NodePool) async -> NodePool.Candidate? {
        while true {
            guard let node = await pool.next(excluding: taken) else { return nil }
            // Other rows may have claimed it, or nodes that it shares its fate with, while this one waited for the pool.
            guard pool.allows(node.account, beside: taken) else { continue }
            taken.insert(node.account)
            return node
        }
    }

    /// Another row, or this one again, may have it.
    func release(_ node: NodePool.Candidate) { taken.remove(node.account) }

    /// The node failed: the row goes elsewhere, and this node may be asked for another one later.
    func giveUp(_ node: NodePool.Candidate, in pool: NodePool) async {
        await pool.failed(node.account)
        taken.remove(node.account)
    }
}
