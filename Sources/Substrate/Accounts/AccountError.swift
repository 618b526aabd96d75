/// What can be wrong with an address, a recovery phrase or a secret URI. None of the cases quotes a secret.
public enum AccountError: Error, Equatable, CustomStringConvertible {
    /// A recovery phrase has 12, 15, 18, 21 or 24 words.
    case wordCount(Int)
    /// The word at this position (from 1) is not in the list.
    case unknownWord(position: Int)
    /// The words are in the list, but do not belong together.
    case phraseChecksum
    /// Entropy has 16, 20, 24, 28 or 32 bytes.
    case entropyByteCount(Int)
    /// A character that base58 does not use.
    case notBase58
    /// An address of this many bytes is not one of a 32-byte account.
    case addressByteCount(Int)
    /// A network prefix in a form that SS58 does not know.
    case addressPrefix
    case addressChecksum
    /// A secret URI is not `<phrase or 0x seed>[//hard][/soft]…[///passphrase]`.
    case secretURI
    /// A seed in hexadecimal has 32 bytes and takes no passphrase.
    case seed
    /// This kind of key has no soft derivation.
    case softDerivation

    public var description: String {
        switch self {
        case .wordCount(let count): "a recovery phrase has 12, 15, 18, 21 or 24 words, not \(count)"
        case .unknownWord(let position): "word \(position) of the recovery phrase is not in the word list"
        case .phraseChecksum: "the words do not form a recovery phrase: one is wrong, or their order"
        case .entropyByteCount(let count): "\(count) bytes of entropy do not make a recovery phrase"
        case .notBase58: "the address contains a character that addresses do not use"
        case .addressByteCount(let count): "an address of \(count) bytes is too long or too short"
        case .addressPrefix: "the address has an unknown kind of network prefix"
        case .addressChecksum: "the address is mistyped: its checksum does not match"
        case .secretURI: "the secret is not of the form PHRASE//hard/soft///passphrase"
        case .seed: "a hexadecimal seed has 32 bytes and takes no passphrase"
        case .softDerivation: "keys of this kind have only hard derivation"
        }
    }
}
