public import Primitives

/// How every key comes from another (Docs/Format/Keys.md, "Derivation").
public enum KeyDerivation {
    /// Keyed BLAKE2b-256 of the label: 32 bytes that say nothing about `key` or about the keys of other labels.
    public static func derive(_ key: Secret, _ label: String) -> Secret {
        var stream = BLAKE2bStream(key: key)
        stream.update([UInt8](label.utf8).span)
        return stream.finishSecret()
    }

    /// As `derive(_:_:)`, of the label and then an identifier.
    static func derive(_ key: Secret, _ label: String, _ identifier: [UInt8]) -> Secret {
        var stream = BLAKE2bStream(key: key)
        stream.update([UInt8](label.utf8).span)
        stream.update(identifier.span)
        return stream.finishSecret()
    }
}

extension Secret {
    /// A part of this secret as one of its own.
    func part(_ range: Range<Int>) -> Secret { withBytes { Secret(copying: $0.extracting(range)) } }
}
