internal import BlobStore
internal import CESS
public import Primitives
internal import Sealing
internal import Substrate
internal import SystemPackage

/// Reads a drive for as long as a process lives: what was fetched for one commit need not be fetched for the next one.
public struct DriveReader: Sendable {
    private let drive: Drive
    private let reading: Drive.Reading

    init(_ drive: Drive, _ reading: Drive.Reading) {
        self.drive = drive
        self.reading = reading
    }

    /// The drive as it is now: the head at the newest finalized block.
    ///
    /// - Throws: as `Drive.head`.
    public func head() async throws -> Snapshot {
        guard let found = try await reading.heads.refresh().head else { throw DriveError.empty(name: drive.name) }
        return try await drive.snapshot(found, reading)
    }

    /// The drive as this machine has seen it last, without asking the network; nil if it never has.
    public func knownHead() async throws -> Snapshot? {
        guard let found = try await reading.heads.known() else { return nil }
        return try await drive.snapshot(found, reading)
    }
}

/// The room of a territory, in bytes of what may be stored: a third of what is leased, since of each segment twelve fragments of
/// a quarter are kept.
public struct DriveSpace: Hashable, Sendable {
    public let byteCount: UInt64
    public let leftByteCount: UInt64
}

extension DriveReader {
    /// The commit that another one stands on first; nil for a drive's first.
    public func parent(of snapshot: Snapshot) async throws -> Snapshot? {
        guard let found = try await drive.parent(of: snapshot.found, reading) else { return nil }
        return try await drive.snapshot(found, reading)
    }
}

extension Drive {
    /// How much the territory has room for now; nil if the account has none.
    public func space() async throws -> DriveSpace? {
        try await chain.territory(of: accountID, named: territoryName, at: chain.bestBlock().hash).map {
            DriveSpace(
                byteCount: UInt64(clamping: $0.totalSpace / 3), leftByteCount: UInt64(clamping: $0.remainingSpace / 3))
        }
    }

    /// 32 bytes: seals what mounts keep on this machine.
    public var mountKey: Secret { keys.device.mountKey }

    /// Asks nothing of the network yet.
    public func reader() async throws -> DriveReader {
        DriveReader(self, try await reading(local: SpooledSegments(directory: home.spool.string)))
    }
}
