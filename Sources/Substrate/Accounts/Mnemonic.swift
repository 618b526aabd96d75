public import Primitives

/// A BIP-39 recovery phrase of English words. It holds the entropy, from which the words follow.
public struct Mnemonic: Sendable {
    /// What the words encode: 16, 20, 24, 28 or 32 bytes.
    public let entropy: Secret

    /// Substrate's public development phrase. Everybody knows it.
    public static let development = Mnemonic(
        unchecked: [
            0x1a, 0x48, 0x6a, 0x5f, 0xbe, 0x53, 0x63, 0x99, 0x84, 0xcb, 0x64, 0xb0, 0x70, 0x75, 0x5f, 0x7b,
        ])

    public init(entropy: Secret) throws(AccountError) {
        guard [16, 20, 24, 28, 32].contains(entropy.byteCount) else { throw .entropyByteCount(entropy.byteCount) }
        self.entropy = entropy
    }

    private init(unchecked entropy: [UInt8]) { self.entropy = Secret(copying: entropy) }

    /// A new phrase from the system's random generator.
    ///
    /// - Precondition: `words` is 12, 15, 18, 21 or 24.
    public static func generate(words: Int = 24) -> Mnemonic {
        guard words.isMultiple(of: 3), let phrase = try? Mnemonic(entropy: .random(byteCount: words / 3 * 4))
        else { preconditionFailure("a phrase has 12, 15, 18, 21 or 24 words") }
        return phrase
    }

    /// Reads a phrase as people type it: any white space between the words, letters of either case.
    public init(phrase: String) throws(AccountError) {
        let words = phrase.split(whereSeparator: \.isWhitespace)
        guard [12, 15, 18, 21, 24].contains(words.count) else { throw .wordCount(words.count) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(33)
        defer { bytes.wipe() }
        var (pending, pendingBits) = (0, 0)
        defer { pending = 0 }
        for (index, word) in words.enumerated() {
            guard let value = EnglishWords.indices[word.lowercased()] else {
                throw .unknownWord(position: index + 1)
            }
            pending = (pending << 11 | value) & 0x7ffff
            pendingBits += 11
            while pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
            }
        }
        // One bit of checksum to three words: the last 4…8 bits. Those of 24 words are a byte of their own.
        let checksumBits = words.count / 3
        let checksum = checksumBits == 8 ? Int(bytes.removeLast()) : pending & (1 << checksumBits - 1)
        guard checksum == Self.checksum(of: bytes) else { throw .phraseChecksum }
        try self.init(entropy: Secret(copying: bytes))
    }

    /// The words. They are not wiped: make them only to show them.
    public var words: [String] {
        var bytes = entropy.withBytes { span in (0..<span.count).map { span[$0] } }
        defer { bytes.wipe() }
        let checksumBits = bytes.count / 4
        bytes.append(UInt8(Self.checksum(of: bytes) << (8 - checksumBits)))
        return (0..<(bytes.count - 1) * 8 / 32 * 3).map { position in
            var index = 0
            for bit in position * 11..<position * 11 + 11 {
                index = index << 1 | Int(bytes[bit / 8] >> (7 - bit % 8)) & 1
            }
            return String(EnglishWords.all[index])
        }
    }

    /// The words with blanks between them; see `words`.
    public var phrase: String { words.joined(separator: " ") }

    /// Substrate's 64-byte seed: PBKDF2 over the entropy, where Bitcoin's takes the phrase's text
    /// (Docs/Protocol/CESS.md, section 2.2). Its first half is the account's mini secret.
    public func seed64(passphrase: String = "") -> Secret {
        entropy.withBytes {
            PBKDF2.hmacSHA512(
                password: $0, salt: Array("mnemonic".utf8) + Array(passphrase.utf8), rounds: 2048, byteCount: 64)
        }
    }

    /// The account's mini secret: the first half of `seed64`.
    public func miniSecret(passphrase: String = "") -> Secret {
        seed64(passphrase: passphrase).withBytes { Secret(copying: $0.extracting(..<32)) }
    }

    /// The first bits of the entropy's SHA-256, one to 32 bits of entropy.
    private static func checksum(of entropy: [UInt8]) -> Int {
        Int(SHA256.hash(entropy).bytes[0] >> (8 - entropy.count / 4))
    }
}
