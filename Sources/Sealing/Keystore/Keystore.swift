public import Primitives
public import SystemPackage

/// Names a keystore for as long as it lives, whatever its passphrase: what an agent's keys are asked for by.
public struct KeystoreID: Hashable, Sendable, CustomStringConvertible {
    public let bytes: Bytes16

    public init(_ bytes: Bytes16) { self.bytes = bytes }

    /// 32 lower-case hexadecimal digits.
    public var description: String { bytes.hex }
}

/// The file that holds one drive's keys on one device, sealed with a passphrase.
///
/// It has two parts: the daily keys, and the phrase with the root. Both open with the same passphrase, each by itself.
/// Opening either takes 256 MiB and about 0.6 s of the calling thread, by design; reading and creating files blocks as well.
///
/// Format: Docs/Format/Keystore.md.
public struct Keystore: Sendable {
    public let path: FilePath
    private let file: KeystoreFile
    private let floor: KeystoreParameters

    public var id: KeystoreID { KeystoreID(file.id) }

    /// Reads a keystore, which needs no passphrase yet.
    ///
    /// - Throws: `absent`, `notAKeystore`, `unknownVersion`, `damaged`, `refusedParameters`, `system`.
    public init(contentsOf path: FilePath) throws(KeystoreError) { try self.init(contentsOf: path, floor: .standard) }

    /// For tests, which may go below the standard.
    init(contentsOf path: FilePath, floor: KeystoreParameters) throws(KeystoreError) {
        guard let bytes = try PrivateFile.read(path, limit: KeystoreFile.maximumByteCount) else {
            throw .absent(path)
        }
        self.init(path: path, file: try KeystoreFile(bytes, floor: floor), floor: floor)
    }

    private init(path: FilePath, file: KeystoreFile, floor: KeystoreParameters) {
        self.path = path
        self.file = file
        self.floor = floor
    }

    /// Writes a new keystore with mode 0600; durable when this returns.
    ///
    /// - Parameter passphrase: its bytes as they are.
    /// - Throws: `exists` if anything is at `path`, `tooLong`, `outOfMemory`, `system`.
    public static func create(
        at path: FilePath, daily: DailyKeys, phrase: PhraseKeys, passphrase: Secret
    ) throws(KeystoreError) -> Keystore {
        try create(at: path, daily: daily, phrase: phrase, passphrase: passphrase, parameters: .standard)
    }

    static func create(
        at path: FilePath, daily: DailyKeys, phrase: PhraseKeys, passphrase: Secret, parameters: KeystoreParameters
    ) throws(KeystoreError) -> Keystore {
        let file = try KeystoreFile.seal(
            id: .random(), daily: daily, phrase: phrase, passphrase: passphrase, parameters: parameters)
        try PrivateFile.create(path, file.bytes)
        return Keystore(path: path, file: file, floor: parameters)
    }

    /// - Throws: `wrongPassphrase`, `outOfMemory`, or `unknownVersion` of the record.
    public func openDaily(passphrase: Secret) throws(KeystoreError) -> DailyKeys {
        try file.openDaily(try file.key(passphrase))
    }

    /// - Throws: `wrongPassphrase`, `outOfMemory`, or `unknownVersion` of the record.
    public func openPhrase(passphrase: Secret) throws(KeystoreError) -> PhraseKeys {
        try file.openPhrase(try file.key(passphrase))
    }

    /// Seals both parts with another passphrase and puts the file in the place of this one, at once or not at all.
    ///
    /// - Returns: the keystore as it is now, under the same id.
    /// - Throws: `wrongPassphrase` for `old`; `outOfMemory`, `system`.
    public func changePassphrase(from old: Secret, to new: Secret) throws(KeystoreError) -> Keystore {
        let key = try file.key(old)
        let daily = try file.openDaily(key)
        let phrase = try file.openPhrase(key)
        // Salt and nonce are new each time; a keystore written with less work than is standard now is raised to it.
        let parameters = KeystoreParameters(
            memory: max(file.parameters.memory, floor.memory), passes: max(file.parameters.passes, floor.passes))
        let next = try KeystoreFile.seal(
            id: file.id, daily: daily, phrase: phrase, passphrase: new, parameters: parameters)
        try PrivateFile.replace(path, next.bytes)
        return Keystore(path: path, file: next, floor: floor)
    }
}

extension KeystoreFile {
    static func seal(
        id: Bytes16, daily: DailyKeys, phrase: PhraseKeys, passphrase: Secret, parameters: KeystoreParameters,
        salt: Bytes16 = .random(), nonce: [UInt8] = SystemRandom.bytes(XChaCha20Poly1305.nonceByteCount)
    ) throws(KeystoreError) -> KeystoreFile {
        var file = KeystoreFile(id: id, parameters: parameters, salt: salt, nonce: nonce)
        let key = try file.key(passphrase)
        let (daily, phrase) = (try daily.record(), phrase.record())
        let overhead = XChaCha20Poly1305.tagByteCount
        let header = header(
            id: id, parameters: parameters, salt: salt, nonce: nonce, dailyCount: daily.byteCount + overhead,
            phraseCount: phrase.byteCount + overhead)
        // Two keys of one passphrase, so one nonce serves both parts.
        file.sealedDaily = key.dailyKey.seal(daily, nonce: nonce, authenticating: header)
        file.sealedPhrase = key.phraseKey.seal(phrase, nonce: nonce, authenticating: header)
        return file
    }

    /// Stretches a passphrase: the slow step.
    func key(_ passphrase: Secret) throws(KeystoreError) -> KeystoreKey {
        let stretched = Argon2id.derive(
            password: passphrase, salt: salt.bytes, passes: parameters.passes, memory: parameters.memory)
        guard let stretched else { throw .outOfMemory(byteCount: parameters.memory) }
        return KeystoreKey(stretched)
    }

    func openDaily(_ key: KeystoreKey) throws(KeystoreError) -> DailyKeys {
        guard let record = key.dailyKey.open(sealedDaily, nonce: nonce, authenticating: header) else {
            throw .wrongPassphrase
        }
        return try DailyKeys(record: record)
    }

    func openPhrase(_ key: KeystoreKey) throws(KeystoreError) -> PhraseKeys {
        guard let record = key.phraseKey.open(sealedPhrase, nonce: nonce, authenticating: header) else {
            throw .wrongPassphrase
        }
        return try PhraseKeys(record: record)
    }
}

/// What a passphrase was stretched to: a key for each part.
struct KeystoreKey {
    let dailyKey: Secret
    let phraseKey: Secret

    init(_ stretched: Secret) {
        dailyKey = KeyDerivation.derive(stretched, "cessdrive/keystore/daily/1")
        phraseKey = KeyDerivation.derive(stretched, "cessdrive/keystore/phrase/1")
    }
}

extension Secret {
    /// Seals another secret with this one.
    fileprivate func seal(_ plaintext: Secret, nonce: [UInt8], authenticating data: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: plaintext.byteCount + XChaCha20Poly1305.tagByteCount)
        var span = output.mutableSpan
        withBytes { key in
            plaintext.withBytes {
                XChaCha20Poly1305.seal($0, into: &span, key: key, nonce: nonce.span, authenticating: data.span)
            }
        }
        return output
    }

    fileprivate func open(_ sealed: [UInt8], nonce: [UInt8], authenticating data: [UInt8]) -> Secret? {
        guard sealed.count >= XChaCha20Poly1305.tagByteCount else { return nil }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - XChaCha20Poly1305.tagByteCount)
        defer { plaintext.wipe() }
        var span = plaintext.mutableSpan
        let authentic = withBytes {
            XChaCha20Poly1305.open(
                sealed.span, into: &span, key: $0, nonce: nonce.span, authenticating: data.span)
        }
        return authentic ? Secret(copying: plaintext) : nil
    }
}
