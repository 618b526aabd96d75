internal import Primitives

/// The work that it takes to try a passphrase.
struct KeystoreParameters: Hashable, Sendable {
    /// In bytes, a multiple of 1024.
    var memory: Int
    var passes: Int

    /// What is written: 256 MiB and 3 passes, about 0.6 s.
    static let standard = KeystoreParameters(memory: 256 << 20, passes: 3)

    /// Less would be guessed too fast, more would stop the machine at the word of a file.
    func areAcceptable(floor: KeystoreParameters) -> Bool {
        floor.memory...4 << 30 ~= memory && floor.passes...16 ~= passes
    }
}

/// A keystore's bytes, taken apart (Docs/Format/Keystore.md, "File").
struct KeystoreFile: Equatable {
    static let magic = [UInt8]("cessdrive/keys\n".utf8)
    static let version: UInt8 = 1
    static let headerByteCount = 88
    static let checksumByteCount = 16
    static let maximumByteCount =
        headerByteCount + DailyKeys.maximumByteCount + PhraseKeys.recordByteCount
        + 2 * XChaCha20Poly1305.tagByteCount + checksumByteCount

    var id: Bytes16
    var parameters: KeystoreParameters
    var salt: Bytes16
    var nonce: [UInt8]
    var sealedDaily: [UInt8] = []
    var sealedPhrase: [UInt8] = []

    /// The 88 bytes that both parts are authenticated with; their lengths are known before they are sealed.
    static func header(
        id: Bytes16, parameters: KeystoreParameters, salt: Bytes16, nonce: [UInt8], dailyCount: Int, phraseCount: Int
    ) -> [UInt8] {
        magic + [version] + id.bytes + littleEndian(parameters.memory >> 10) + littleEndian(parameters.passes)
            + salt.bytes + nonce + littleEndian(dailyCount) + littleEndian(phraseCount)
    }

    var header: [UInt8] {
        Self.header(
            id: id, parameters: parameters, salt: salt, nonce: nonce, dailyCount: sealedDaily.count,
            phraseCount: sealedPhrase.count)
    }

    var bytes: [UInt8] {
        let content = header + sealedDaily + sealedPhrase
        return content + Self.checksum(content)
    }

    init(id: Bytes16, parameters: KeystoreParameters, salt: Bytes16, nonce: [UInt8]) {
        self.id = id
        self.parameters = parameters
        self.salt = salt
        self.nonce = nonce
    }

    /// - Throws: `notAKeystore`, `unknownVersion`, `damaged`, `refusedParameters`.
    init(_ bytes: [UInt8], floor: KeystoreParameters) throws(KeystoreError) {
        guard bytes.starts(with: Self.magic), bytes.count > Self.magic.count else { throw .notAKeystore }
        guard bytes[15] == Self.version else { throw .unknownVersion(bytes[15]) }
        guard Self.headerByteCount + Self.checksumByteCount...Self.maximumByteCount ~= bytes.count else {
            throw .damaged
        }
        let content = [UInt8](bytes.dropLast(Self.checksumByteCount))
        guard Self.checksum(content) == Array(bytes.suffix(Self.checksumByteCount)) else { throw .damaged }
        guard let id = Bytes16(Array(bytes[16..<32])), let salt = Bytes16(Array(bytes[40..<56])) else { throw .damaged }
        let parameters = KeystoreParameters(
            memory: Self.number(bytes[32..<36]) << 10, passes: Self.number(bytes[36..<40]))
        guard parameters.areAcceptable(floor: floor) else {
            throw .refusedParameters(memory: parameters.memory, passes: parameters.passes)
        }
        self.init(id: id, parameters: parameters, salt: salt, nonce: Array(bytes[56..<80]))
        let daily = Self.number(bytes[80..<84])
        let phrase = Self.number(bytes[84..<88])
        guard daily >= XChaCha20Poly1305.tagByteCount, phrase >= XChaCha20Poly1305.tagByteCount,
            Self.headerByteCount + daily + phrase == content.count
        else { throw .damaged }
        sealedDaily = Array(content[88..<88 + daily])
        sealedPhrase = Array(content[(88 + daily)...])
    }

    /// Tells a damaged file from a wrong passphrase; against an adversary the tags of the two parts stand.
    private static func checksum(_ content: [UInt8]) -> [UInt8] {
        Array(BLAKE2b.hash256(content).bytes.prefix(checksumByteCount))
    }

    private static func littleEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
}
