internal import Primitives
internal import SCALE

/// `<phrase or 0x seed>[//hard][/soft]…[///passphrase]`; without a phrase, the public development phrase is meant.
struct SecretURI {
    struct Junction: Equatable {
        let isHard: Bool
        /// 32 bytes.
        let chainCode: [UInt8]
    }

    let miniSecret: Secret
    let junctions: [Junction]

    init(_ text: String) throws(AccountError) {
        let slash = UInt8(ascii: "/")
        let bytes = Array(text.utf8)
        let base = bytes.prefix { $0 != slash }
        var rest = bytes.dropFirst(base.count)
        var junctions: [Junction] = []
        var passphrase = ""
        while !rest.isEmpty {
            let slashes = rest.prefix { $0 == slash }.count
            if slashes >= 3 {
                // The passphrase is all the rest, more slashes included.
                passphrase = String(decoding: rest.dropFirst(3), as: UTF8.self)
                break
            }
            let name = rest.dropFirst(slashes).prefix { $0 != slash }
            guard !name.isEmpty else { throw .secretURI }
            let text = String(decoding: name, as: UTF8.self)
            junctions.append(Junction(isHard: slashes == 2, chainCode: Self.chainCode(text)))
            rest = rest.dropFirst(slashes + name.count)
        }
        self.junctions = junctions

        let baseText = String(decoding: base, as: UTF8.self)
        if baseText.hasPrefix("0x") {
            guard passphrase.isEmpty, var seed = [UInt8](hex: baseText), seed.count == 32 else { throw .seed }
            miniSecret = Secret(taking: &seed)
        } else {
            let phrase = baseText.isEmpty ? .development : try Mnemonic(phrase: baseText)
            miniSecret = phrase.miniSecret(passphrase: passphrase)
        }
    }

    /// A number as 8 bytes little endian, anything else as a SCALE string; padded with zeros, or hashed if too long.
    static func chainCode(_ junction: String) -> [UInt8] {
        var encoder = ScaleEncoder()
        if let number = UInt64(junction) { encoder.integer(number) } else { encoder.string(junction) }
        let bytes = encoder.bytes
        guard bytes.count <= 32 else { return BLAKE2b.hash(bytes, byteCount: 32) }
        return bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
}
