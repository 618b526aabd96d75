import Foundation
import Logging
import SystemPackage

/// Sets up logging, once: to standard error, by `-v` for people and with times for servers.
enum Logs {
    /// - Parameter verbosity: how often `-v` was given.
    static func setUp(verbosity: Int, base: Logger.Level = .warning, times: Bool = false) {
        let levels: [Logger.Level] = [.error, .warning, .info, .debug, .trace]
        let start = levels.firstIndex(of: base) ?? 1
        let level = levels[min(start + verbosity, levels.count - 1)]
        LoggingSystem.bootstrap { label in LineLogHandler(label: label, logLevel: level, times: times) }
    }
}

/// One line an event: `cessdrive: warning: node does not answer node=3`.
private struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    let times: Bool
    var metadata: Logger.Metadata = [:]

    init(label: String, logLevel: Logger.Level, times: Bool) {
        self.label = label
        self.logLevel = logLevel
        self.times = times
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = times ? Date().formatted(.iso8601) + " " : "cessdrive: "
        line += "\(event.level): \(event.message)"
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        _ = try? FileDescriptor.standardError.writeAll(Array((line + "\n").utf8))
    }
}
