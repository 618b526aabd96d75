import Primitives
import TestSupport
import Testing

struct TrailingZerosTests {
    @Test(arguments: [0, 1, 7, 4095, 4096, 4097, 8192, 20_000])
    func `everything up to the last byte that is not zero counts`(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        #expect([UInt8](repeating: 0, count: count).span.countWithoutTrailingZeros == 0)
        for zeros in [0, 1, 8, 4095, 4096, 4097, 10_000] where count > 0 {
            var bytes = [UInt8].random(count: count, using: &random)
            bytes[count - 1] = 1
            bytes += [UInt8](repeating: 0, count: zeros)
            #expect(bytes.span.countWithoutTrailingZeros == count)
        }
    }
}
