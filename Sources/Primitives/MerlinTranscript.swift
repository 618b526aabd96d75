/// A Merlin transcript (https://merlin.cool): what a non-interactive proof has said so far, as a sponge.
struct MerlinTranscript {
    private var strobe = Strobe128(protocolLabel: "Merlin v1.0")

    init(label: String) { append("dom-sep", Array(label.utf8)) }

    mutating func append(_ label: String, _ message: [UInt8]) {
        frame(label, byteCount: message.count)
        strobe.absorbData(message)
    }

    mutating func challenge(_ label: String, byteCount: Int) -> [UInt8] {
        frame(label, byteCount: byteCount)
        return strobe.squeeze(byteCount)
    }

    /// Bytes that depend on the transcript, on every witness and on the system's randomness, so that neither a bad
    /// generator nor a repeated message reveals a witness. The transcript itself does not change.
    func witness(_ label: String, _ witnesses: [Secret], byteCount: Int) -> [UInt8] {
        var fork = strobe
        defer { fork.wipe() }
        for witness in witnesses {
            fork.meta(Array(label.utf8), continuing: false)
            fork.meta(Self.littleEndian(witness.byteCount), continuing: true)
            witness.withBytes { fork.key($0) }
        }
        fork.meta(Array("rng".utf8), continuing: false)
        fork.key(SystemRandom.bytes(32).span)
        fork.meta(Self.littleEndian(byteCount), continuing: false)
        return fork.squeeze(byteCount)
    }

    private mutating func frame(_ label: String, byteCount: Int) {
        strobe.meta(Array(label.utf8), continuing: false)
        strobe.meta(Self.littleEndian(byteCount), continuing: true)
    }

    private static func littleEndian(_ count: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }
}
