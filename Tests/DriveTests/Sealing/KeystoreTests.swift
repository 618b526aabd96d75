import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing

@testable import Sealing

/// What the vectors' keystore is stretched by: far less than the command line ever writes.
private let weak = KeystoreParameters(memory: 8 << 20, passes: 1)

/// A drive's keys for tests, of random secrets.
struct KeyFixture {
    let root = RootKeys(seed64: .random(byteCount: 64))
    let daily: DailyKeys
    let phrase: PhraseKeys

    init(driveName: String = "Fotos 📷") {
        daily = DailyKeys(
            root: root, driveID: .random(), device: .random(), driveName: driveName,
            network: NetworkLabel(name: "local", genesis: "0x00", endpoint: "ws://127.0.0.1:9944"))
        phrase = PhraseKeys(entropy: .random(byteCount: 16), root: root)
    }
}

func passphrase(_ text: String) -> Secret { Secret(copying: [UInt8](text.utf8)) }

@Suite struct KeystoreTests {
    @Test func `what is created opens again, part by part`() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = KeyFixture()
            let path = FilePath(directory.path).appending("keys")
            let created = try Keystore.create(
                at: path, daily: fixture.daily, phrase: fixture.phrase, passphrase: passphrase("a"), parameters: weak)
            let keystore = try Keystore(contentsOf: path, floor: weak)
            #expect(keystore.id == created.id)
            let daily = try keystore.openDaily(passphrase: passphrase("a"))
            #expect(try daily.record().equals(try fixture.daily.record()))
            #expect(daily.driveName == "Fotos 📷")
            let phrase = try keystore.openPhrase(passphrase: passphrase("a"))
            #expect(phrase.entropy.equals(fixture.phrase.entropy))
            #expect(phrase.ring.publicKey == daily.ringPublicKey)
            let mode = try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func `a wrong passphrase is told from damage`() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = KeyFixture()
            let path = FilePath(directory.path).appending("keys")
            let keystore = try Keystore.create(
                at: path, daily: fixture.daily, phrase: fixture.phrase, passphrase: passphrase("a"), parameters: weak)
            for wrong in ["", "A", "a "] {
                #expect(throws: KeystoreError.wrongPassphrase) {
                    try keystore.openDaily(passphrase: passphrase(wrong))
                }
                #expect(throws: KeystoreError.wrongPassphrase) {
                    try keystore.openPhrase(passphrase: passphrase(wrong))
                }
            }
            var bytes = try Array(Data(contentsOf: URL(filePath: path.string)))
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(filePath: path.string))
            #expect(throws: KeystoreError.damaged) { try Keystore(contentsOf: path, floor: weak) }
        }
    }

    @Test func `a changed passphrase takes the old one's place, and nothing is left beside it`() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = KeyFixture()
            let path = FilePath(directory.path).appending("keys")
            let first = try Keystore.create(
                at: path, daily: fixture.daily, phrase: fixture.phrase, passphrase: passphrase("old"), parameters: weak)
            #expect(throws: KeystoreError.wrongPassphrase) {
                try first.changePassphrase(from: passphrase("nope"), to: passphrase("new"))
            }
            let second = try first.changePassphrase(from: passphrase("old"), to: passphrase("new"))
            #expect(second.id == first.id)
            let keystore = try Keystore(contentsOf: path, floor: weak)
            #expect(throws: KeystoreError.wrongPassphrase) { try keystore.openDaily(passphrase: passphrase("old")) }
            #expect(
                try keystore.openDaily(passphrase: passphrase("new")).record().equals(try fixture.daily.record()))
            #expect(try keystore.openPhrase(passphrase: passphrase("new")).root.equals(fixture.root.root))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["keys"])
        }
    }

    @Test func `creating never replaces a file`() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = KeyFixture()
            let path = FilePath(directory.path).appending("keys")
            #expect(throws: KeystoreError.absent(path)) { try Keystore(contentsOf: path) }
            try Data("mine".utf8).write(to: URL(filePath: path.string))
            #expect(throws: KeystoreError.exists(path)) {
                try Keystore.create(
                    at: path, daily: fixture.daily, phrase: fixture.phrase, passphrase: passphrase("a"),
                    parameters: weak)
            }
            #expect(throws: KeystoreError.notAKeystore) { try Keystore(contentsOf: path) }
            #expect(throws: KeystoreError.notAKeystore) {
                try Keystore(contentsOf: FilePath(directory.path))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["keys"])
        }
    }

    @Test func `no name shows in a keystore, not even by its length`() async throws {
        try await withTemporaryDirectory { directory in
            var sizes: Set<Int> = []
            for (index, name) in ["", "a drive", String(repeating: "x", count: 200)].enumerated() {
                let fixture = KeyFixture(driveName: name)
                let path = FilePath(directory.path).appending("keys\(index)")
                _ = try Keystore.create(
                    at: path, daily: fixture.daily, phrase: fixture.phrase, passphrase: passphrase("a"),
                    parameters: weak)
                sizes.insert(try Data(contentsOf: URL(filePath: path.string)).count)
            }
            #expect(sizes == [88 + 512 + 16 + 67 + 16 + 16])
        }
    }

    @Test func `names that do not fit are refused`() {
        #expect(throws: KeystoreError.tooLong(field: "drive's name", limit: 255)) {
            try KeyFixture(driveName: String(repeating: "ä", count: 128)).daily.record()
        }
    }

    @Test func `the vectors' keystore is written to the byte and opens`() throws {
        let vector: SealingVectors.Keystore = try SealingVectors.load("keystore")
        let file = try KeystoreFile(vector.file.bytes, floor: weak)
        let key = try file.key(vector.passphrase.secret)
        let daily = try file.openDaily(key)
        #expect(try daily.record().exposed == vector.daily.bytes)
        #expect(daily.drive.id.bytes == vector.driveID.bytes)
        #expect(
            [daily.driveName, daily.network.name, daily.network.genesis, daily.network.endpoint] == vector.texts)
        let phrase = try file.openPhrase(key)
        #expect(phrase.entropy.exposed == vector.entropy.bytes)
        let root = RootKeys(seed64: vector.seed64.secret)
        let written = try KeystoreFile.seal(
            id: try Bytes16(required: vector.id),
            daily: DailyKeys(
                root: root, driveID: try Bytes16(required: vector.driveID),
                device: DeviceKeys(secret: vector.deviceSecret.secret), driveName: vector.texts[0],
                network: NetworkLabel(name: vector.texts[1], genesis: vector.texts[2], endpoint: vector.texts[3])),
            phrase: PhraseKeys(entropy: vector.entropy.secret, root: root), passphrase: vector.passphrase.secret,
            parameters: KeystoreParameters(memory: vector.memory, passes: vector.passes),
            salt: try Bytes16(required: vector.salt), nonce: vector.nonce.bytes)
        #expect(written.bytes == vector.file.bytes)
    }

    @Test func `the vectors' broken keystores are refused for what is wrong with them`() throws {
        let vector: SealingVectors.Keystore = try SealingVectors.load("keystore")
        for refused in vector.refused {
            let error = #expect(throws: KeystoreError.self) { try KeystoreFile(refused.file.bytes, floor: weak) }
            #expect(error.map(name) == refused.error)
        }
        for refused in vector.refusedWhenOpened {
            let file = try KeystoreFile(refused.file.bytes, floor: weak)
            let key = try file.key(vector.passphrase.secret)
            let error = #expect(throws: KeystoreError.self) { try file.openDaily(key) }
            #expect(error.map(name) == refused.error)
        }
    }

    @Test func `a keystore below the standard is refused by default`() throws {
        let vector: SealingVectors.Keystore = try SealingVectors.load("keystore")
        #expect(throws: KeystoreError.refusedParameters(memory: 8 << 20, passes: 1)) {
            try KeystoreFile(vector.file.bytes, floor: .standard)
        }
        #expect(KeystoreParameters.standard.memory == 256 << 20)
        #expect(KeystoreParameters.standard.passes == 3)
    }

    @Test func `every truncation and every changed byte of a record is an error or other keys, never a trap`() throws {
        let record = try KeyFixture().daily.record().exposed
        for count in 0..<record.count { _ = try? DailyKeys(record: Secret(copying: Array(record[..<count]))) }
        for index in [0] + Array(160..<record.count) {
            var changed = record
            changed[index] ^= 0xff
            _ = try? DailyKeys(record: Secret(copying: changed))
        }
    }

    private func name(_ error: KeystoreError) -> String {
        switch error {
        case .notAKeystore: "notAKeystore"
        case .unknownVersion: "unknownVersion"
        case .damaged: "damaged"
        case .refusedParameters: "refusedParameters"
        default: "\(error)"
        }
    }
}
