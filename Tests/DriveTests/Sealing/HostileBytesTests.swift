import Primitives
import TestSupport
import Testing

@testable import Sealing

/// Bytes from a disk or a socket give a value or an error; that these tests end is what they show.
@Suite struct HostileBytesTests {
    private func mutated(_ bytes: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
            case 2:
                bytes.insert(.random(in: 0...255, using: &random), at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes[Int.random(in: bytes.indices, using: &random)] ^= 0x80
            }
        }
        return bytes
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `changed keystores are refused or read`(seed: UInt64) throws {
        let vector: SealingVectors.Keystore = try SealingVectors.load("keystore")
        let floor = KeystoreParameters(memory: 8 << 20, passes: 1)
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let content = mutated(Array(vector.file.bytes.dropLast(16)), using: &random)
            // With a checksum that fits, so that what is behind it is reached.
            let file = content + BLAKE2b.hash256(content).bytes.prefix(16)
            do throws(KeystoreError) {
                let read = try KeystoreFile(file, floor: floor)
                #expect(read.bytes == file)
            } catch {}
            let daily = mutated(vector.daily.bytes, using: &random)
            if let keys = try? DailyKeys(record: Secret(copying: daily)) {
                #expect(try keys.record().exposed.count <= DailyKeys.maximumByteCount)
            }
            _ = try? PhraseKeys(record: Secret(copying: mutated(vector.phrase.bytes, using: &random)))
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `changed messages are refused or read`(seed: UInt64) throws {
        let record = try #require(DailyRecord(try KeyFixture().daily.record()))
        let id = KeystoreID(.random())
        let messages = [
            AgentRequest.fetch(id).bytes, AgentRequest.add(id, record, seconds: 7).bytes, AgentRequest.lock.bytes,
            AgentAnswer.keys(record).bytes, AgentAnswer.held([id: 3]).bytes, AgentAnswer.absent.bytes,
        ]
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            for message in messages {
                let changed = mutated(message, using: &random)
                if let request = AgentRequest(changed) { #expect(request.bytes == changed) }
                if case .held = AgentAnswer(changed) { continue }  // a name that stands twice counts once
                if let answer = AgentAnswer(changed) { #expect(answer.bytes == changed) }
            }
        }
    }
}
