internal import CESS
internal import SCALE
internal import Substrate

// The FileBank pallet: declaring and completing files (Docs/Protocol/CESS.md, 8.2).
extension BlockExecution {
    func declare(
        _ fid: FID, _ segments: [SegmentList], _ brief: UserBrief, fileSize: UInt128, by sender: AccountID
    ) throws {
        guard try mayAct(sender, for: brief.user) else { throw DispatchFailure.fileBank(.noPermission) }
        guard segments.allSatisfy({ $0.fragments.count == CESSLimits.fragmentCount }),
            brief.fileName.count >= CESSLimits.fileNameByteCount.lowerBound
        else { throw DispatchFailure.fileBank(.specError) }
        let territory = TerritoryKey(owner: brief.user, name: brief.territoryName)
        if let file = try state.value(Keys.file(fid), as: FileInfo.self) {
            try join(file, fid, brief, in: territory)
        } else {
            try requireRoom(forSegments: segments.count, in: territory)
            try lock(CESSLimits.chargedByteCount(segmentCount: segments.count), in: territory)
            // An open deal of the same FID is overwritten, whoever made it.
            state.put(Keys.deal(fid), DealInfo(fileSize: fileSize, segments: segments, user: brief))
        }
        deposit(PalletIndex.fileBank, 0) {
            $0.encode(sender)
            $0.encode(brief.user)
            $0.encode(fid)
        }
    }

    /// A "fly upload": the file is there already. What was declared is neither compared nor counted.
    private func join(_ file: FileInfo, _ fid: FID, _ brief: UserBrief, in territory: TerritoryKey) throws {
        try requireRoom(forSegments: file.segments.count, in: territory)
        let space = CESSLimits.chargedByteCount(segmentCount: file.segments.count)
        try use(space, in: territory)
        try hold(fid, space, for: brief)
        guard file.owners.count < CESSLimits.maximumOwnerCount else {
            throw DispatchFailure.fileBank(.boundedVecError)
        }
        var joined = file
        joined.owners.append(brief)
        state.put(Keys.file(fid), joined)
    }

    /// Strictly more than is needed, as the real pallet asks.
    private func requireRoom(forSegments count: Int, in territory: TerritoryKey) throws {
        guard try existing(territory).hasRoom(forSegments: count) else {
            throw DispatchFailure.fileBank(.insufficientAvailableSpace)
        }
    }

    /// Enters a file in its user's list, which alone says whether the user has it already: after a delivery, or when entries
    /// were lost, the file's own owners say something else.
    private func hold(_ fid: FID, _ space: UInt128, for brief: UserBrief) throws {
        let entry = UserFileSliceInfo(territoryName: brief.territoryName, fid: fid, chargedByteCount: space)
        var held: [UserFileSliceInfo] = try state.list(Keys.heldFiles(brief.user))
        guard !held.contains(entry) else { throw DispatchFailure.fileBank(.existed) }
        guard held.count < CESSLimits.maximumFilesOfUser else {
            throw DispatchFailure.fileBank(.storageLimitReached)
        }
        held.append(entry)
        state.put(Keys.heldFiles(brief.user), list: held)
    }

    /// A node says that it holds a row; the twelfth completes the file.
    func report(index: UInt8, _ fid: FID, by node: AccountID) throws {
        guard 1...UInt8(CESSLimits.fragmentCount) ~= index else { throw DispatchFailure.fileBank(.specError) }
        guard var miner = try state.value(Keys.miner(node), as: MinerInfo.self) else {
            throw DispatchFailure.sminer(.notMiner)
        }
        guard miner.state == .positive else { throw DispatchFailure.fileBank(.minerStateError) }
        guard var deal = try state.value(Keys.deal(fid), as: DealInfo.self) else {
            throw DispatchFailure.fileBank(.nonExistent)
        }
        let key = TerritoryKey(owner: deal.user.user, name: deal.user.territoryName)
        guard let territory = try territory(key), territory.state != .expired else {
            return try abandon(deal, fid)
        }
        let row = Int(index) - 1
        guard !deal.completed.contains(where: { $0.row == row || $0.node == node }) else {
            throw DispatchFailure.fileBank(.existed)
        }
        let space = rowSpace(of: deal)
        guard miner.idleSpace >= space else { throw DispatchFailure.sminer(.overflow) }
        miner.idleSpace -= space
        miner.lockSpace += space
        state.put(Keys.miner(node), miner)
        deal.completed.append(CompleteInfo(row: row, node: node))
        if deal.completed.count == CESSLimits.fragmentCount {
            try complete(deal, fid, key)
        } else {
            state.put(Keys.deal(fid), deal)
        }
        deposit(PalletIndex.fileBank, 1) {
            $0.encode(node)
            $0.encode(fid)
        }
    }

    private func rowSpace(of deal: DealInfo) -> UInt128 {
        UInt128(deal.segments.count) * UInt128(CESSLimits.fragmentByteCount)
    }

    /// The territory is over: the deal goes without a word, and the nodes have their space again.
    private func abandon(_ deal: DealInfo, _ fid: FID) throws {
        for report in deal.completed { try unlock(rowSpace(of: deal), of: report.node) }
        state.remove(Keys.deal(fid))
    }

    private func complete(_ deal: DealInfo, _ fid: FID, _ territory: TerritoryKey) throws {
        let space = CESSLimits.chargedByteCount(segmentCount: deal.segments.count)
        try useLocked(space, in: territory)
        let nodes = deal.completed.sorted { $0.row < $1.row }.map(\.node)
        let segments = deal.segments.map { segment in
            SegmentInfo(
                hash: segment.hash,
                fragments: zip(segment.fragments, nodes).map { FragmentInfo(hash: $0, node: $1) })
        }
        state.put(
            Keys.file(fid),
            FileInfo(segments: segments, owners: [deal.user], fileSize: deal.fileSize, completion: number))
        try putInService(space)
        try hold(fid, space, for: deal.user)
        state.remove(Keys.deal(fid))
        deposit(PalletIndex.fileBank, 9) { $0.encode(fid) }
    }

    /// Moves a file's charge to another territory of its owner. The file itself keeps the old name, as in the real pallet,
    /// which changes a copy and never stores it.
    func deliver(_ fid: FID, of user: AccountID, to target: [UInt8], by sender: AccountID) throws {
        guard try mayAct(sender, for: user) else { throw DispatchFailure.fileBank(.noPermission) }
        // A file that is not there has no owner either.
        guard let file = try state.value(Keys.file(fid), as: FileInfo.self),
            file.owners.contains(where: { $0.user == user })
        else {
            throw DispatchFailure.fileBank(.notOwner)
        }
        guard file.state == .active else { throw DispatchFailure.fileBank(.notActive) }
        let space = CESSLimits.chargedByteCount(segmentCount: file.segments.count)
        let key = TerritoryKey(owner: user, name: target)
        _ = try existing(key)
        for brief in file.owners where brief.user == user {
            try release(space, in: TerritoryKey(owner: user, name: brief.territoryName))
            try use(space, in: key)
        }
        var held: [UserFileSliceInfo] = try state.list(Keys.heldFiles(user))
        for index in held.indices where held[index].fid == fid { held[index].territoryName = target }
        state.put(Keys.heldFiles(user), list: held)
        deposit(PalletIndex.fileBank, 11) {
            $0.encode(fid)
            $0.byteVector(target)
        }
    }
}
