internal import Primitives

/// Addresses: base58(prefix ‖ account ‖ checksum) (Docs/Protocol/CESS.md, section 2.1).
public enum SS58 {
    public static let cessTestnet: UInt16 = 11330
    public static let cessMainnet: UInt16 = 11331
    public static let generic: UInt16 = 42

    /// - Precondition: `prefix` is below 16384 and neither 46 nor 47, which SS58 reserves.
    public static func encode(_ account: AccountID, prefix: UInt16) -> String {
        precondition(isPrefix(prefix), "not an SS58 prefix")
        let prefixed = bytes(ofPrefix: prefix) + account.bytes.bytes
        return Base58.encode(prefixed + checksum(prefixed))
    }

    /// The account, and the prefix that the address was written with: whether that is the right network's is for the
    /// caller to say.
    public static func decode(_ address: String) throws(AccountError) -> (account: AccountID, prefix: UInt16) {
        // The longest address of a 32-byte account has 50 characters; decoding costs the square of the length.
        guard address.utf8.count <= 64 else { throw .addressByteCount(address.utf8.count) }
        guard let decoded = Base58.decode(address) else { throw .notBase58 }
        guard let first = decoded.first else { throw .addressByteCount(0) }
        let prefixByteCount: Int
        let prefix: UInt16
        switch first {
        case 0..<64: (prefixByteCount, prefix) = (1, UInt16(first))
        case 64..<128:
            guard decoded.count > 1 else { throw .addressByteCount(decoded.count) }
            let low = first << 2 | decoded[1] >> 6
            prefixByteCount = 2
            prefix = UInt16(low) | UInt16(decoded[1] & 0x3f) << 8
            guard prefix >= 64 else { throw .addressPrefix }  // it has a shorter form
        default: throw .addressPrefix
        }
        guard isPrefix(prefix) else { throw .addressPrefix }
        guard decoded.count == prefixByteCount + 34,
            let key = Bytes32(Array(decoded[prefixByteCount..<prefixByteCount + 32]))
        else { throw .addressByteCount(decoded.count) }
        guard checksum(Array(decoded.dropLast(2))) == Array(decoded.suffix(2)) else { throw .addressChecksum }
        return (AccountID(key), prefix)
    }

    private static func isPrefix(_ prefix: UInt16) -> Bool { prefix < 16384 && prefix != 46 && prefix != 47 }

    private static func bytes(ofPrefix prefix: UInt16) -> [UInt8] {
        guard prefix >= 64 else { return [UInt8(prefix)] }
        return [UInt8((prefix & 0xfc) >> 2) | 0x40, UInt8(prefix >> 8) | UInt8(prefix & 3) << 6]
    }

    private static func checksum(_ prefixed: [UInt8]) -> [UInt8] {
        Array(BLAKE2b.hash(Array("SS58PRE".utf8) + prefixed, byteCount: 64).prefix(2))
    }
}
