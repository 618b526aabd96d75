internal import BlobStore
public import SystemPackage

extension Drive {
    /// Looks through the drive at one commit: that every directory, list of chunks and run of the index opens, that the index
    /// knows every blob they name, and that every volume is a file of the account's with the hashes that the drive has; and
    /// reads all contents if that is wanted. Nothing is changed.
    ///
    /// - Parameters:
    ///   - which: as of `snapshot(at:)`; nil for the head.
    ///   - scratch: an empty directory of this call's own; about 600 bytes for each chunk of the drive are kept there.
    ///   - found: receives what is wrong, as it is found.
    /// - Throws: what finding the commit throws; what keeps everything from being read, such as a server that does not answer.
    public func check(
        at which: String? = nil, scratch: FilePath, options: CheckOptions,
        found: @escaping (CheckFinding) async throws -> Void
    ) async throws -> CheckReport {
        let snapshot = if let which { try await snapshot(at: which) } else { try await head() }
        let check = try await DriveCheck(self, at: snapshot.found, scratch: scratch, options: options, found: found)
        return try await check.run()
    }
}
