internal import BlobStore
public import Primitives
public import SCALE

/// One attempt of somebody to bring changes into the drive, who may not live to see what becomes of it.
public struct Attempt: Hashable, Sendable, ScaleCodable {
    /// Whose it is: random, and the same for all attempts of one.
    public let source: Bytes16
    /// Random: whatever a loss of power takes back, no two attempts are taken for each other.
    public let id: Bytes16

    /// A new one.
    public init(source: Bytes16) {
        self.source = source
        id = .random()
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        source = try decoder.decode()
        id = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(source)
        encoder.encode(id)
    }
}

extension Drive {
    private static let attemptsSetting = "attempts"
    /// Of so many sources the last attempt that came into the drive is remembered.
    private static let sourceLimit = 1024

    /// Whether an attempt (`ChangeOptions.attempt`) is known to be in the drive. What a machine has left undone is known when
    /// it was carried on (`finish`).
    ///
    /// - Parameter attempt: the last one of its source.
    /// - Throws: what the database throws.
    public func isInDrive(_ attempt: Attempt) async throws -> Bool { try await attempts().contains(attempt) }

    /// Remembers attempts whose commit is in the drive.
    func remember(_ attempts: [Attempt]) async throws {
        guard !attempts.isEmpty else { return }
        let sources = Set(attempts.map(\.source))
        let others = try await self.attempts().filter { !sources.contains($0.source) }
        var encoder = ScaleEncoder()
        encoder.vector((others + attempts).suffix(Self.sourceLimit))
        try await database.set(Self.attemptsSetting, to: encoder.bytes)
    }

    private func attempts() async throws -> [Attempt] {
        guard let bytes = try await database.setting(Self.attemptsSetting) else { return [] }
        var decoder = ScaleDecoder(bytes)
        return try decoder.vector(limit: Self.sourceLimit)
    }
}
