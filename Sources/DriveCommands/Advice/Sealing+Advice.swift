import Sealing
import SystemPackage

extension KeystoreError: Reportable {
    var hint: String? {
        switch self {
        case .absent: "'cessdrive init' makes a drive, 'cessdrive recover' brings one back from its phrase"
        case .exists: "choose another name with --drive"
        case .notAKeystore, .damaged: startingAnew
        case .unknownVersion: "use a newer release of cessdrive"
        case .wrongPassphrase: "the phrase alone, with 'cessdrive recover', needs no passphrase"
        case .refusedParameters, .tooLong, .system: nil
        case .outOfMemory: "'cessdrive key unlock' where there is more memory at the time"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .absent: .noDrive
        case .notAKeystore, .damaged: .damaged
        case .wrongPassphrase: .wrongSecret
        case .system(.noSpace, _), .system(.diskQuotaExceeded, _): .outOfSpace
        case .exists, .unknownVersion, .refusedParameters, .outOfMemory, .tooLong, .system: .failed
        }
    }
}

extension AgentError: Reportable {
    var hint: String? {
        switch self {
        case .unsafeDirectory(let path): "chmod 700 \(path)"
        case .pathTooLong: "set XDG_RUNTIME_DIR to a shorter path"
        case .notRunning, .unusableKeys: "cessdrive key unlock"
        case .refused, .badAnswer: "cessdrive key lock, then unlock again"
        case .foreignPeer: "somebody else made that socket: do not go on before you know who"
        case .alreadyRunning, .system: nil
        }
    }

    var exitStatus: ExitStatus { .failed }
}
