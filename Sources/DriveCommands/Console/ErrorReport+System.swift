import Foundation
import SystemPackage

/// What errors of the system mean to the user, where no library of ours stands between.
extension ErrorReport {
    static func text(of error: any Error) -> String {
        switch error {
        case let error as CocoaError:
            let path = error.filePath
            let cause = (error.underlying as? POSIXError).map { "\(Errno(rawValue: $0.code.rawValue))" }
            return [path, cause ?? error.localizedDescription].compactMap { $0 }.joined(separator: ": ")
        default: return "\(error)"
        }
    }

    static func status(of error: any Error) -> ExitStatus {
        switch errno(of: error) {
        case .noSpace, .diskQuotaExceeded: .outOfSpace
        case .noSuchFileOrDirectory: .notFound
        default: .failed
        }
    }

    private static func errno(of error: any Error) -> Errno? {
        switch error {
        case let error as Errno: error
        case let error as POSIXError: Errno(rawValue: error.code.rawValue)
        case let error as CocoaError: error.underlying.flatMap(errno(of:))
        default: nil
        }
    }
}
