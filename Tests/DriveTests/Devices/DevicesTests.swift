import Foundation
import Testing

/// Several machines of one drive: whatever happens to them and to their connections, in any order, nothing that was
/// promised is lost, and they agree in the end.
///
/// `make devices SEEDS='100..<200'` runs others, or more; a failing test names its seed.
@Suite(.serialized)
struct DevicesTests {
    static let seeds: Range<UInt64> = {
        let bounds = ProcessInfo.processInfo.environment["CESSDRIVE_DEVICE_SEEDS"]?.split(separator: "..<")
            .compactMap { UInt64($0) }
        guard let bounds, bounds.count == 2, bounds[0] < bounds[1] else { return 0..<3 }
        return bounds[0]..<bounds[1]
    }()

    @Test(arguments: seeds)
    func `devices that work at once, with cut and lying connections, lose nothing and agree in the end`(
        seed: UInt64
    ) async throws {
        try await DriveFixture.with { fixture in
            let world = DeviceWorld(fixture, seed: seed, deviceCount: 2 + Int(seed % 7))
            do {
                try await world.run(operations: 30)
                try await world.settle()
            } catch { Issue.record("seed \(seed): \(error)") }
            if ProcessInfo.processInfo.environment["CESSDRIVE_DEVICE_TRACE"] != nil {
                for line in world.trace { print(line) }
            }
        }
    }
}
