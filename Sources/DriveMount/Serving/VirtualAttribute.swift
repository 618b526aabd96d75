/// Extended attributes that the mount itself answers.
enum VirtualAttribute: String, CaseIterable {
    /// How far a file is on its way to the network.
    case stage = "user.cessdrive.stage"
    /// The volume that holds a file's first byte.
    case volume = "user.cessdrive.volume"

    static func isOne(_ name: [UInt8]) -> Bool { allCases.contains { Array($0.rawValue.utf8) == name } }
}
