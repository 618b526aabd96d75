import DriveMount
import Glibc
import LocalSockets
import Logging
import SystemPackage

/// Tells a service manager how a mount is: that it serves, as long as it answers, and that its end takes time.
struct ServiceState: Sendable {
    private let manager: ServiceManager
    private let mount: Mount
    private let logger: Logger

    /// What an ending asks for each time.
    private static let extraTime: Duration = .seconds(60)

    /// Nil where nobody wants to know.
    init?(of mount: Mount, logger: Logger) {
        guard let manager = ServiceManager(environment: ByteText.environment) else { return nil }
        self.manager = manager
        self.mount = mount
        self.logger = logger
    }

    /// Tells it until the mount is over, also when the task is cancelled: the ending takes time. A mount that does not answer is not
    /// called well, and is ended by the manager.
    func tell() async { await Task { await tellUntilOver() }.value }

    private func tellUntilOver() async {
        await tell(.ready)
        let clock = ContinuousClock()
        let pause = min(.seconds(10), (manager.watchdogInterval ?? .seconds(20)) / 2)
        var (next, wasEnding) = (clock.now + pause, false)
        while !mount.isOver {
            try? await Task.sleep(for: .milliseconds(200))
            let isEnding = mount.isEnding
            guard clock.now >= next || isEnding != wasEnding else { continue }
            (next, wasEnding) = (clock.now + pause, isEnding)
            if isEnding {
                await tell(.stopping(for: Self.extraTime))
            } else if manager.watchdogInterval != nil, await answers() {
                await tell(.well)
            }
        }
    }

    /// What statfs(2) asks is always asked of this process.
    private func answers() async -> Bool {
        let path = mount.mountPoint.string
        return
            (try? await onThread {
                var statistics = statvfs()
                return unsafe statvfs(path, &statistics) == 0
            }) ?? false
    }

    private func tell(_ state: ServiceManager.State) async {
        let manager = manager
        do { try await onThread { try manager.tell(state) } } catch {
            logger.warning("the service manager cannot be told", metadata: ["error": "\(error)"])
        }
    }
}
