/// What the process ends with (Docs/Scripting.md, "Exit codes"). No number is ever given a second meaning.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    /// Done, but not for everything; what is missing was named.
    case incomplete = 3
    case notFound = 4
    /// The network, an RPC server or too few nodes: trying again later may do.
    case temporary = 5
    /// Damage, or a state older than one seen before.
    case damaged = 6
    /// No space left, on the drive or on a disk, or its lease is over.
    case outOfSpace = 7
    case balanceTooLow = 8
    /// A price is above what may be paid; nothing was bought.
    case tooExpensive = 9
    case noDrive = 10
    case busy = 11
    /// A wrong phrase or passphrase.
    case wrongSecret = 12
    case usage = 64
    case interrupted = 130
    case terminated = 143
}
