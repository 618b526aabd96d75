internal import CESS
internal import SCALE
internal import Substrate

// The FileBank pallet: how files go (Docs/Protocol/CESS.md, 8.4 and 8.8).
extension BlockExecution {
    /// The entry of ended territories at which a block stops removing.
    private static let maximumClearedPerBlock = 300

    /// Succeeds with an event also for a user who does not own the file.
    func delete(_ fid: FID, of owner: AccountID, by sender: AccountID) throws {
        guard try mayAct(sender, for: owner) else { throw DispatchFailure.fileBank(.noPermission) }
        guard let file = try state.value(Keys.file(fid), as: FileInfo.self) else {
            throw DispatchFailure.fileBank(.nonExistent)
        }
        if file.owners.contains(where: { $0.user == owner }) {
            try drop(file, fid, of: owner)
            let held: [UserFileSliceInfo] = try state.list(Keys.heldFiles(owner))
            state.put(Keys.heldFiles(owner), list: held.filter { $0.fid != fid })
        }
        deposit(PalletIndex.fileBank, 2) {
            $0.encode(sender)
            $0.encode(owner)
            $0.encode(fid)
        }
    }

    /// Takes a user's entries out of a file and gives its space back. The file goes with its only entry; two entries of
    /// one user leave a file that nobody owns.
    private func drop(_ file: FileInfo, _ fid: FID, of user: AccountID) throws {
        let space = CESSLimits.chargedByteCount(segmentCount: file.segments.count)
        for brief in file.owners where brief.user == user {
            try release(space, in: TerritoryKey(owner: user, name: brief.territoryName))
        }
        if file.owners.count == 1 {
            try remove(file, fid)
        } else {
            var rest = file
            rest.owners.removeAll { $0.user == user }
            state.put(Keys.file(fid), rest)
        }
    }

    /// Removes a file, and gives its nodes their space back.
    private func remove(_ file: FileInfo, _ fid: FID) throws {
        state.remove(Keys.file(fid))
        try takeOutOfService(CESSLimits.chargedByteCount(segmentCount: file.segments.count))
        var spaces: [AccountID: UInt128] = [:]
        for fragment in file.segments.flatMap(\.fragments) {
            spaces[fragment.node, default: 0] += UInt128(CESSLimits.fragmentByteCount)
        }
        for (node, space) in spaces.sorted(by: { $0.key < $1.key }) { try unlock(space, of: node) }
    }

    func unlock(_ space: UInt128, of node: AccountID) throws {
        guard var miner = try state.value(Keys.miner(node), as: MinerInfo.self) else { return }
        let freed = min(space, miner.lockSpace)
        miner.lockSpace -= freed
        miner.idleSpace += freed
        state.put(Keys.miner(node), miner)
    }

    /// Removes the files of territories that have just ended. The 300th entry leaves the list but not the files, and what
    /// comes after it is never looked at again, since the next block begins with a list of its own. Entries of the user's
    /// other territories that are met on the way are lost from the list, though not from the files, and do not count.
    func clearFiles(of territories: [TerritoryKey]) throws {
        if territories.isEmpty {
            if try state.exists(Keys.clearUserList) { state.remove(Keys.clearUserList) }
            return
        }
        var remaining = territories
        state.put(Keys.clearUserList, list: remaining)
        var count = 0
        for territory in territories where try state.exists(Keys.heldFiles(territory.owner)) {
            var held: [UserFileSliceInfo] = try state.list(Keys.heldFiles(territory.owner))
            while let entry = held.popLast() {
                guard entry.territoryName == territory.name else { continue }
                count += 1
                guard count < Self.maximumClearedPerBlock else {
                    return state.put(Keys.heldFiles(territory.owner), list: held)
                }
                guard let file = try state.value(Keys.file(entry.fid), as: FileInfo.self) else { continue }
                dropExpired(file, entry.fid, of: territory.owner)
            }
            state.put(Keys.heldFiles(territory.owner), list: held)
            remaining.removeAll { $0.owner == territory.owner }
            state.put(Keys.clearUserList, list: remaining)
        }
    }

    /// Takes the user's first entry out of a file, whichever territory that names; the file goes with its last. No space
    /// is given back to a territory that is over.
    private func dropExpired(_ file: FileInfo, _ fid: FID, of user: AccountID) {
        guard file.owners.count > 1 else {
            // A timer has nobody to report a failure to: what cannot be given back stays where it is.
            do throws(DispatchFailure) { try transactional { try remove(file, fid) } } catch {}
            return
        }
        var rest = file
        if let index = rest.owners.firstIndex(where: { $0.user == user }) { rest.owners.remove(at: index) }
        state.put(Keys.file(fid), rest)
    }
}
