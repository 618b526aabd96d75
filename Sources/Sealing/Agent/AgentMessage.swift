internal import Primitives

/// What is asked of an agent: one message, one answer, one connection.
///
/// Both begin with the protocol's version and an operation or status; Docs/Format/Keystore.md, "Agent".
enum AgentRequest {
    case fetch(KeystoreID)
    case add(KeystoreID, DailyRecord, seconds: UInt32)
    case lock
    case list

    static let version: UInt8 = 1
    /// Of a request or an answer.
    static let maximumByteCount = DailyKeys.maximumByteCount + 64

    /// Held as plain bytes only between the socket and locked memory; whoever makes one wipes it.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.maximumByteCount)  // never grown: no copy of a secret stays behind
        bytes.append(Self.version)
        switch self {
        case .fetch(let id):
            bytes.append(1)
            bytes += id.bytes.bytes
        case .add(let id, let record, let seconds):
            bytes.append(2)
            bytes += id.bytes.bytes
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: seconds >> (8 * $0)) }
            record.append(to: &bytes)
        case .lock: bytes.append(3)
        case .list: bytes.append(4)
        }
        return bytes
    }

    /// Nil for anything that is not a request of this version.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2, bytes[0] == Self.version else { return nil }
        switch (bytes[1], bytes.count) {
        case (1, 18):
            guard let id = Bytes16(bytes.span.extracting(2..<18)) else { return nil }
            self = .fetch(KeystoreID(id))
        case (2, 23...Self.maximumByteCount):
            guard let id = Bytes16(bytes.span.extracting(2..<18)) else { return nil }
            let seconds = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[18 + $1]) << (8 * UInt32($1)) }
            let record = Secret(copying: bytes.span.extracting(22..<bytes.count))
            guard let record = DailyRecord(record) else { return nil }
            self = .add(KeystoreID(id), record, seconds: seconds)
        case (3, 2): self = .lock
        case (4, 2): self = .list
        default: return nil
        }
    }
}

/// What an agent answers.
enum AgentAnswer {
    case done
    case keys(DailyRecord)
    /// It does not hold what was asked for.
    case absent
    case refused
    case held([KeystoreID: UInt32])

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(AgentRequest.maximumByteCount)
        bytes.append(AgentRequest.version)
        switch self {
        case .done: bytes.append(0)
        case .keys(let record):
            bytes.append(1)
            record.append(to: &bytes)
        case .absent: bytes.append(2)
        case .refused: bytes.append(3)
        case .held(let keystores):
            bytes.append(4)
            for (id, seconds) in keystores {
                bytes += id.bytes.bytes
                bytes += (0..<4).map { UInt8(truncatingIfNeeded: seconds >> (8 * $0)) }
            }
        }
        return bytes
    }

    init?(_ bytes: [UInt8]) {
        guard 2...AgentRequest.maximumByteCount ~= bytes.count, bytes[0] == AgentRequest.version else { return nil }
        switch (bytes[1], bytes.count) {
        case (0, 2): self = .done
        case (1, _):
            guard let record = DailyRecord(Secret(copying: bytes.span.extracting(2..<bytes.count))) else { return nil }
            self = .keys(record)
        case (2, 2): self = .absent
        case (3, 2): self = .refused
        case (4, let count) where (count - 2).isMultiple(of: 20):
            var keystores: [KeystoreID: UInt32] = [:]
            for start in stride(from: 2, to: count, by: 20) {
                guard let id = Bytes16(bytes.span.extracting(start..<start + 16)) else { return nil }
                keystores[KeystoreID(id)] = (0..<4).reduce(0) {
                    $0 | UInt32(bytes[start + 16 + $1]) << (8 * UInt32($1))
                }
            }
            self = .held(keystores)
        default: return nil
        }
    }
}

/// A record of daily keys that may be passed on without being read.
struct DailyRecord {
    let secret: Secret

    /// Nil if it is longer than any record.
    init?(_ secret: Secret) {
        guard 1...DailyKeys.maximumByteCount ~= secret.byteCount else { return nil }
        self.secret = secret
    }

    func append(to bytes: inout [UInt8]) {
        secret.withBytes { for index in $0.indices { bytes.append($0[index]) } }
    }
}
