import Substrate
import Testing

struct JSONValueTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("[]", []), ("{}", .object([:])),
            ("-0.5e+10", .number("-0.5e+10")),
            ("340282366920938463463374607431768211455", .number("340282366920938463463374607431768211455")),
            (#"{"a":[1,"b",{"c":null}]}"#, .object(["a": [1, "b", .object(["c": .null])]])),
            (#""\"\\\/\b\f\n\r\tä\ud83d\ude00""#, .string("\"\\/\u{8}\u{c}\n\r\tä😀")),
        ] as [(String, JSONValue)])
    func `JSON is read`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(jsonBytes: Array(text.utf8)) == value)
        #expect(try JSONValue(jsonBytes: value.jsonBytes) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "truee", "[1,]", "[1", "{\"a\"}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-",
        "\"",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 2", "NaN", "'a'",
        "\u{feff}1", "[1}", "\"\\u+123\"",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(jsonBytes: Array(text.utf8)) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONError.self) { try JSONValue(jsonBytes: [0x22, 0xc3, 0x28, 0x22]) }
    }

    @Test func `deep nesting is refused, not followed`() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError.tooDeep(limit: 64)) { try JSONValue(jsonBytes: deep) }
    }

    @Test func `integers are read from numbers, decimal and hexadecimal text`() {
        #expect(JSONValue.number("18446744073709551616").integer(UInt128.self) == 1 << 64)
        #expect(JSONValue.string("340282366920938463463374607431768211455").integer(UInt128.self) == .max)
        #expect(JSONValue.string("0xff").integer(UInt32.self) == 255)
        #expect(JSONValue.string("0x100000000").integer(UInt32.self) == nil)
        #expect(JSONValue.number("1.5").integer(Int.self) == nil)
        #expect(JSONValue.null.integer(Int.self) == nil)
    }
}
