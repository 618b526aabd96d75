public import CESS
public import DriveFormat

/// What can keep bytes from reaching the network whole.
public enum StoreError: Error, Equatable, CustomStringConvertible {
    /// The spool's disk (or quota) is full; nothing acknowledged is lost.
    case spoolFull(path: String)
    case spoolUnusable(path: String, reason: String)
    /// A spooled segment is not what was written.
    case spoolDamaged(volume: VolumeID, segment: Int)
    /// Fewer nodes than rows can take the volume now.
    case tooFewNodes(usable: Int, needed: Int)
    /// The territory has less than is needed; the chain wants strictly more than what is charged.
    case territoryTooSmall(needed: UInt64, remaining: UInt64)
    case territoryMissing
    /// Amounts in 10⁻¹⁸ TCESS; what has to stay for the account to live is not spendable.
    case balanceTooSmall(needed: UInt128, spendable: UInt128)
    case territoryFrozen
    case territoryExpired
    /// It is up for sale.
    case territoryOnSale
    /// A declaration is in a block, but the chain has neither a deal nor a file.
    case notDeclared(FID)
    /// A volume was declared and complete, and is a file no longer: a newer commit has what was in it.
    case movedOn(FID)
    /// Volumes of contents were complete, and were deleted before a commit had them.
    case lapsed([FID])
    /// Somebody else holds a deal or a file of this name.
    case fidTaken(FID)
    /// The drive has as many devices as a key ring holds; this one would be one more.
    case tooManyDevices(limit: Int)
    /// The network shows less than this machine has seen before.
    case rollback(seen: UInt64, shown: UInt64)
    /// The chain's list of the account's files misses bytes that its territory is charged for.
    case incompleteList(missing: UInt64)
    /// This machine's own memory of the drive cannot be read.
    case stateDamaged(reason: String)
    /// A commit's signature, or its signer's certificate, is not valid.
    case forgedCommit(VolumeID, reason: String)
    /// A tree's node, or another single value, is larger than a segment has room for.
    case blobTooLarge(byteCount: Int)

    public var description: String {
        switch self {
        case .spoolFull(let path): "the disk of the spool \(path) is full"
        case .spoolUnusable(let path, let reason): "the spool \(path) cannot be used: \(reason)"
        case .spoolDamaged(let volume, let segment): "segment \(segment) of volume \(volume) in the spool is damaged"
        case .tooFewNodes(let usable, let needed): "\(usable) storage nodes are usable and \(needed) are needed"
        case .territoryTooSmall(let needed, let remaining):
            "the territory has \(remaining) bytes left and more than \(needed) are needed"
        case .territoryMissing: "the account has no territory for its drives"
        case .balanceTooSmall(let needed, let spendable):
            "\(Self.tcess(needed)) TCESS are needed and the account can spend \(Self.tcess(spendable))"
        case .territoryFrozen: "the lease of the territory is over; it is frozen"
        case .territoryExpired: "the lease of the territory has expired"
        case .territoryOnSale: "the territory is up for sale"
        case .notDeclared(let fid): "the chain has no deal for \(fid) although it was declared"
        case .movedOn(let fid):
            "the volume \(fid) was complete and is gone, and the network does not show the commit that has moved it"
        case .lapsed(let fids): "\(fids.count) volumes were deleted before a commit had them"
        case .fidTaken(let fid): "the file name \(fid) is taken on the network by another account"
        case .tooManyDevices(let limit): "the drive has \(limit) devices already, and takes no more"
        case .rollback(let seen, let shown):
            "the network shows commit \(shown), but this machine has seen commit \(seen)"
        case .incompleteList(let missing):
            "the network's list of the drive's volumes misses \(missing) bytes that the territory is charged for"
        case .stateDamaged(let reason): "this machine's memory of the drive is damaged: \(reason)"
        case .forgedCommit(let volume, let reason): "the commit in volume \(volume) is not genuine: \(reason)"
        case .blobTooLarge(let byteCount): "a value of \(byteCount) bytes does not fit a segment"
        }
    }

    /// With three digits behind the point, rounded down.
    private static func tcess(_ amount: UInt128) -> String {
        let unit: UInt128 = 1_000_000_000_000_000_000
        let thousandths = String(amount % unit / (unit / 1000))
        return "\(amount / unit)." + String(repeating: "0", count: 3 - thousandths.count) + thousandths
    }
}
