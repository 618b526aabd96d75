public import BlobStore
internal import DriveFormat
public import Logging
internal import Primitives
internal import SCALE
public import Sealing
public import Substrate
internal import Synchronization
internal import SystemPackage

/// A drive of this user, opened: the way to read it and to change it.
///
/// Reading needs 4 of the 12 nodes of what is read; changing needs 12 that take deals. Any number of values may be read
/// from at once, in any number of processes; changes of one machine wait for each other.
///
/// Design: Docs/Design.md.
public final class Drive: Sendable {
    public let home: DriveHome
    public let name: String
    let keys: DailyKeys
    let chain: any StorageChain
    let nodes: any FragmentNodes
    let database: StoreDatabase
    let account: KeyPair
    let device: DeviceIdentity
    let catalog: Catalog
    let logger: Logger
    /// After how many segments a volume is closed.
    let segmentsPerVolume: Int
    /// From how many partly filled volumes on some are folded.
    let partialLimit: Int
    private let health = NodeHealth()
    private let keeper = Mutex<(any BlobKeeper)?>(nil)

    /// Opens the drive's memory on this machine. Blocks while it does; asks nothing of the network.
    ///
    /// - Throws: `DatabaseError`.
    public convenience init(
        home: DriveHome, keys: DailyKeys, chain: any StorageChain, nodes: any FragmentNodes,
        logger: Logger = Logger(label: "drive") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        try self.init(
            home: home, keys: keys, chain: chain, nodes: nodes, segmentsPerVolume: Spool.segmentsPerVolume,
            logger: logger)
    }

    init(
        home: DriveHome, keys: DailyKeys, chain: any StorageChain, nodes: any FragmentNodes, segmentsPerVolume: Int,
        partialLimit: Int = Folding.partialLimit,
        logger: Logger = Logger(label: "drive") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.segmentsPerVolume = segmentsPerVolume
        self.partialLimit = partialLimit
        self.home = home
        name = keys.driveName
        self.keys = keys
        self.chain = chain
        self.nodes = nodes
        self.logger = logger
        account = KeyPair(miniSecret: keys.accountMiniSecret)
        device = DeviceIdentity(keys.device)
        database = try StoreDatabase(path: home.database.string, sealer: keys.device.localSealer)
        let named = NamedVolumes(
            chain: chain, account: account.accountID, territory: keys.territoryName, nameTagKey: keys.nameTagKey)
        catalog = Catalog(chain: chain, database: database, named: named)
    }

    public var accountID: AccountID { account.accountID }
    public var territoryName: [UInt8] { keys.territoryName }
    var id: DriveID { DriveID(keys.drive.id) }

    // MARK: Parts

    /// Everything that reads, on top of the segments that are still on this machine.
    struct Reading: Sendable {
        let segments: SegmentReader
        let preludes: PreludeReader
        let tables: SegmentTables
        let folded: FoldedVolumes
        let blobs: BlobReader
        let heads: DriveHeads
    }

    /// - Parameter isFollowing: whether it looks for newer commits where blobs are not where they were.
    func reading(local: any LocalSegments, isFollowing: Bool = true) async throws -> Reading {
        let segments = SegmentReader(
            nodes: nodes, catalog: catalog, local: local, health: health)
        let preludes = PreludeReader(segments: segments, preludeKey: keys.preludeKey)
        let tables = SegmentTables(catalog: catalog, preludes: preludes, keys: keys.drive)
        let folded: FoldedVolumes
        if isFollowing {
            folded = FoldedVolumes(tables: tables) { try await self.news(local) }
        } else {
            folded = FoldedVolumes(tables: tables)
        }
        folded.replace(with: try await database.foldedVolumes())
        let blobs = BlobReader(
            segments: segments, folded: folded, keeper: keeper.withLock { $0 }, keys: keys.drive,
            epochs: try await epochKeys())
        let sets = DriveVolumeSets(drive: self, folded: folded, reader: blobs)
        let heads = DriveHeads(discovery: discovery(segments), database: database, drive: id, sets: sets)
        return Reading(
            segments: segments, preludes: preludes, tables: tables, folded: folded, blobs: blobs, heads: heads)
    }

    /// Has nodes of trees kept on this machine from now on, for as long as this value lives.
    public func keep(in keeper: any BlobKeeper) { self.keeper.withLock { $0 = keeper } }

    private func news(_ local: any LocalSegments) async throws -> FoldedVolumes.News {
        _ = try await reading(local: local, isFollowing: false).heads.refresh()
        return FoldedVolumes.News(folded: try await database.foldedVolumes(), epochs: try await epochs())
    }

    func discovery(_ segments: SegmentReader) -> Discovery {
        let (drive, keys) = (id, keys)
        return Discovery(
            chain: chain, preludes: PreludeReader(segments: segments, preludeKey: keys.preludeKey),
            account: accountID, territory: territoryName, nameTagKey: keys.nameTagKey,
            driveKeys: { $0 == drive ? keys.drive : nil }, logger: logger)
    }

    // MARK: Epochs

    private static let epochsSetting = "epochs"

    /// The epochs that this machine has opened before.
    func epochs() async throws -> [Epoch] {
        guard let bytes = try await database.setting(Self.epochsSetting) else { return [] }
        var decoder = ScaleDecoder(bytes)
        return try decoder.vector { (decoder) throws(ScaleError) in
            let id: EpochID = try decoder.decode()
            var key = try decoder.raw(Epoch.keyByteCount)
            return Epoch(id: id, key: Secret(taking: &key))
        }
    }

    func epochKeys() async throws -> EpochKeys {
        EpochKeys(preludeKey: keys.preludeKey, epochs: try await epochs())
    }

    func remember(_ epochs: [Epoch]) async throws {
        var encoder = ScaleEncoder(reserving: 8 + epochs.count * 40)
        encoder.vector(epochs) { encoder, epoch in
            encoder.encode(epoch.id)
            epoch.key.withBytes { for index in $0.indices { encoder.integer($0[index]) } }
        }
        defer { encoder.bytes.wipe() }
        try await database.set(Self.epochsSetting, to: encoder.bytes)
    }

    /// Opens the epochs of a key ring that this machine does not know yet, and gives them to the reader.
    func open(_ ring: KeyRing, with boxKeys: [BoxKeyPair], for reader: BlobReader) async throws {
        var known = try await epochs()
        let names = Set(known.map(\.id))
        var isChanged = false
        for entry in ring.epochs where !names.contains(entry.epoch) {
            for pair in boxKeys {
                let hint = EpochBox.hint(for: pair.publicKey)
                guard let box = entry.boxes.first(where: { $0.recipient == hint }),
                    let epoch = Epoch(id: entry.epoch, box: box.box, recipient: pair)
                else { continue }
                known.append(epoch)
                reader.insert(epoch)
                isChanged = true
                break
            }
        }
        if isChanged { try await remember(known) }
    }
}
