import Synchronization
import TestSupport

/// Whose turn it is: of devices that work at once, one after the other goes on by one question to the chain, in an order
/// that a seed decides. So changes are interleaved at every question, and mostly in the same way the next time.
///
/// No thread waits: who has to is a continuation.
final class Turns: Sendable {
    private struct State {
        var random: SplitMix64
        var waiting: [Int: [CheckedContinuation<Void, Never>]] = [:]
        /// The device that goes on now; nil if all wait.
        var current: Int?
        /// Of eight turns, about so many go to the device that had the last one.
        let persistence: UInt64

        /// The current device waits or has ended: another one goes on, with all its tasks that wait.
        mutating func pass(from device: Int) -> [CheckedContinuation<Void, Never>] {
            guard current == nil || current == device else { return [] }
            let devices = waiting.keys.sorted()
            guard !devices.isEmpty else {
                current = nil
                return []
            }
            let isLasting = waiting[device] != nil && random.next() % 8 < persistence
            let next = isLasting ? device : devices[Int(random.next() % UInt64(devices.count))]
            current = next
            return waiting.removeValue(forKey: next) ?? []
        }
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let persistence = random.next() % 8
        state = Mutex(State(random: random, persistence: persistence))
    }

    /// Waits for this device's turn.
    func take(_ device: Int) async {
        await withCheckedContinuation { continuation in
            let next = state.withLock { state in
                state.waiting[device, default: []].append(continuation)
                return state.pass(from: device)
            }
            for continuation in next { continuation.resume() }
        }
    }

    /// A device has done its work.
    func end(_ device: Int) {
        for continuation in state.withLock({ $0.pass(from: device) }) { continuation.resume() }
    }
}
