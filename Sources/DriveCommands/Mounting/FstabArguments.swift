/// What mount(8) hands to `mount.cessdrive`, the name by which it calls this program for a line of fstab: the drive, the place,
/// and options.
enum FstabArguments {
    static let programName = "mount.cessdrive"

    /// Options that are meant for others.
    private static let ignored: Set<String> = [
        "auto", "noauto", "user", "users", "owner", "group", "nofail", "_netdev", "defaults", "rw", "remount",
    ]
    private static let flags = ["read-only", "allow-other", "yes"]
    private static let values = [
        "at", "uid", "gid", "umask", "commit-interval", "commit-size", "poll-interval", "cache-dir", "cache-max-size",
        "cache-free-space", "bwlimit", "transfers", "max-cost", "auto-renew", "network", "genesis", "passphrase-file",
        "passphrase-command", "profile",
    ]

    /// The same for `cessdrive mount`.
    ///
    /// - Parameter arguments: `DRIVE PLACE [-sfnv] [-o OPTIONS]`, as mount(8) says under "External helpers".
    static func mountArguments(_ arguments: [String]) -> [String] {
        var (result, places, others) = (["mount", "--no-input"], [String](), [String]())
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "-o" || argument == "-t" {
                guard let value = rest.popFirst(), argument == "-o" else { continue }
                for option in value.split(separator: ",").map(String.init) { add(option, &result, &others) }
            } else if !argument.hasPrefix("-") {
                places.append(argument)
            }
        }
        if !others.isEmpty { result += ["-o", others.joined(separator: ",")] }
        // `cessdrive` alone stands for the only drive.
        if let drive = places.first, drive != "cessdrive", drive != "none" { result += ["--drive", drive] }
        return result + ["--"] + places.dropFirst()
    }

    private static func add(_ option: String, _ result: inout [String], _ others: inout [String]) {
        let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
        // As written in fstab, or as on the command line.
        let name = parts[0].map { $0 == "_" ? "-" : $0 }.reduce(into: "") { $0.append($1) }
        if ignored.contains(option) || option.hasPrefix("x-") || option.hasPrefix("comment=") { return }
        if option == "ro" { return result.append("--read-only") }
        if parts.count == 1, flags.contains(name) { return result.append("--\(name)") }
        if parts.count == 2, values.contains(name) { return result += ["--\(name)", parts[1]] }
        others.append(option)
    }
}
