/// One HTTP exchange to be made.
public struct HTTPRequest: Sendable {
    /// What is sent after the headers.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// The parts one after the other, without a copy of all of them.
        case parts([[UInt8]])
    }

    public var method: String
    /// `http` or `https`.
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: Body
    /// For the whole exchange, waiting for a connection included.
    public var deadline: Duration
    /// For name resolution and the connection.
    public var connectDeadline: Duration
    /// How long nothing at all may move in either direction; whole seconds.
    public var stallDeadline: Duration?
    /// A longer answer is refused as soon as that is known.
    public var maximumResponseByteCount: Int
    /// At most about this many bytes a second are sent.
    public var sendRate: Int?

    public init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: Body = .none,
        deadline: Duration = .seconds(60), connectDeadline: Duration = .seconds(10),
        stallDeadline: Duration? = nil, maximumResponseByteCount: Int = 64 << 20, sendRate: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.connectDeadline = connectDeadline
        self.stallDeadline = stallDeadline
        self.maximumResponseByteCount = maximumResponseByteCount
        self.sendRate = sendRate
    }
}

/// What the other side answered: any status is an answer.
public struct HTTPResponse: Sendable {
    public let status: Int
    /// In order; names in lower case.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]
    /// From the start of the exchange, after waiting for a connection.
    public let timeToFirstByte: Duration
    public let totalTime: Duration

    /// The first value of a header; `name` in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
