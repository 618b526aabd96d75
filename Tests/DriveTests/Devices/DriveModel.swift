import Drive
import Foundation

/// What devices were promised, and so what the drive must show in the end.
struct DriveModel {
    enum Action: Sendable {
        case put(DrivePath)
        case remove(DrivePath)
        case move(DrivePath, DrivePath)
    }

    /// An operation that was tried. Times are heights of the chain.
    struct Attempt: Sendable {
        let number: Int
        let action: Action
        /// Of `put`.
        var content: [UInt8] = []
        /// Not before this did others see it.
        var visible: UInt32
        /// When it was over, however it ended: nothing that others showed later mattered to it.
        var end: UInt32 = .max
        /// What had been promised before this, it saw.
        var sawBefore: UInt32 = 0
        /// When it was promised; nil if it never was.
        var promised: UInt32?
    }

    private(set) var attempts: [Attempt] = []

    mutating func add(_ attempt: Attempt) { attempts.append(attempt) }

    mutating func promise(_ number: Int, at height: UInt32) {
        guard let index = attempts.firstIndex(where: { $0.number == number }) else { return }
        attempts[index].promised = attempts[index].promised ?? height
    }

    /// Directories that are moved into each other in turn lie ever deeper: so many names no path comes to in a run.
    private static let depthLimit = 6

    /// Every path that a file may have come to.
    private func places(from path: DrivePath) -> Set<DrivePath> {
        var places: Set<DrivePath> = [path]
        while true {
            var next = places
            for attempt in attempts {
                guard case .move(let source, let target) = attempt.action else { continue }
                for place in places where place.isWithin(source) {
                    let rest = place.names.dropFirst(source.names.count)
                    next.insert(DrivePath(names: target.names + rest))
                    next.insert(DrivePath(names: target.names + source.names.suffix(1) + rest))
                }
            }
            next = next.filter { $0.names.count <= Self.depthLimit }
            if next.count == places.count { return places }
            places = next
        }
    }

    /// Whether an attempt may have taken away what was at one of these places.
    private static func takes(_ attempt: Attempt, _ places: Set<DrivePath>) -> Bool {
        switch attempt.action {
        case .put(let path): places.contains(path)
        case .remove(let path): places.contains { $0.isWithin(path) }
        case .move(let source, let target):
            places.contains(target) || places.contains(DrivePath(names: target.names + source.names.suffix(1)))
        }
    }

    /// What is wrong with the files that a drive has in the end.
    func faults(of files: [DrivePath: [UInt8]]) -> [String] {
        var faults: [String] = []
        let contents = Set(files.values)
        for attempt in attempts {
            guard case .put(let path) = attempt.action, let promised = attempt.promised else { continue }
            let places = places(from: path)
            let isExcused = attempts.contains { other in
                other.number != attempt.number && other.end > attempt.visible && Self.takes(other, places)
            }
            if !isExcused, !contains(contents, attempt) {
                faults.append("operation \(attempt.number) put \(path), which was promised and is gone")
            }
            // Who saw it, and took it away, has taken it away: a copy that a conflict left is another file.
            guard places.count == 1, files[path] == attempt.content else { continue }
            for other in attempts
            where other.number != attempt.number && other.promised != nil && other.sawBefore > promised {
                guard Self.takes(other, [path]) else { continue }
                let twin = attempts.contains { $0.number != attempt.number && $0.content == attempt.content }
                if !twin { faults.append("operation \(other.number) took \(path) of \(attempt.number), which is back") }
            }
        }
        for (path, content) in files where !attempts.contains(where: { $0.content == content }) {
            faults.append("\(path) has what nobody put there")
        }
        return faults
    }

    private func contains(_ contents: Set<[UInt8]>, _ attempt: Attempt) -> Bool { contents.contains(attempt.content) }
}
