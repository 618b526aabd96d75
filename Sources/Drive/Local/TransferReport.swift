/// What became of a `put` or a `get`.
public struct TransferReport: Sendable {
    public struct Failure: Sendable {
        /// On this machine; raw bytes.
        public let path: [UInt8]
        public let reason: String

        public init(path: [UInt8], reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    /// Files whose content was looked at, and those that were as the drive had them.
    public var files = 0
    public var unchanged = 0
    public var directories = 0
    /// Bytes of files read or written.
    public var bytes: UInt64 = 0
    /// What could not be stored or restored; the rest was.
    public var failures: [Failure] = []

    /// Nothing at all was restored, not even a directory or a link.
    public var isFruitless = false

    public init() {}
}
