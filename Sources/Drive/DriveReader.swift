internal import BlobStore
public import Primitives
internal import Sealing
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

extension Drive {
    /// 32 bytes: seals what mounts keep on this machine.
    public var mountKey: Secret { keys.device.mountKey }

    /// Asks nothing of the network yet.
    public func reader() async throws -> DriveReader {
        DriveReader(self, try await reading(local: SpooledSegments(directory: home.spool.string)))
    }
}
