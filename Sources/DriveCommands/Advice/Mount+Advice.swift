import FUSE

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
