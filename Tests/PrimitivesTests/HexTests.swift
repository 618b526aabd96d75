import Primitives
import Testing

struct HexTests {
    @Test func `bytes are written as digits and read back, whatever kind of collection they are in`() throws {
        let bytes = (0...255).map { UInt8($0) }
        let text = bytes.hex
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.count == 512)
        #expect([UInt8](hex: text) == bytes)
        #expect([UInt8](hex: "0x" + text.uppercased()) == bytes)
        #expect(bytes[10..<12].hex == "0a0b")
        #expect(bytes.reversed().hex == Array(bytes.reversed()).hex)
        #expect(bytes.lazy.map { $0 ^ 255 }.hex.hasPrefix("fffe"))
        #expect([UInt8]().hex.isEmpty)
    }

    @Test(arguments: ["0", "0x0", "0g", "g0", "00 0", "é0", "0x0x00"])
    func `what is not pairs of digits is refused`(text: String) { #expect([UInt8](hex: text) == nil) }
}
