import FUSE
import LocalCache

extension MountError: Reportable {
    var hint: String? {
        switch self {
        case .badOptions: "see mount.fuse3(8) for the options of -o"
        case .notMounted:
            "mount.fuse3 and fusermount3 have to be there (package fuse3), and /dev/fuse has to be this user's to open"
        case .busy: "close what is open in it, or leave it with 'cd'; 'fuser -vm' shows who is there"
        case .notUnmounted: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .badOptions: .usage
        case .busy: .busy
        case .notMounted, .notUnmounted: .failed
        }
    }
}

extension CacheError: Reportable {
    var hint: String? {
        switch self {
        case .full: "make room on the disk"
        case .inUse: "another mount uses it: 'cessdrive umount' ends one"
        case .wrongKey, .damaged, .unreadableSegment: startingAnew
        case .tooLarge, .closed, .unsynced, .system: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .full: .outOfSpace
        case .inUse: .busy
        case .wrongKey, .damaged, .unreadableSegment: .damaged
        case .tooLarge, .closed, .unsynced, .system: .failed
        }
    }
}
