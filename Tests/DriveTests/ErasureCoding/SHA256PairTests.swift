import Primitives
import TestSupport
import Testing

@Suite struct SHA256PairTests {
    @Test(arguments: SHA256Pair.Kernel.allCases.filter(\.isSupported), Array(0..<200) + [1000, 4095, 4096, 70_001])
    func `two streams at once have the digests of each alone`(kernel: SHA256Pair.Kernel, count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let (first, second) = (
            [UInt8].random(count: count, using: &random), [UInt8].random(count: count, using: &random)
        )
        var pair = SHA256Pair(kernel: kernel)
        pair.update(first.span, second.span)
        let digests = pair.finish()
        #expect(digests == (SHA256.hash(first), SHA256.hash(second)))
    }

    @Test(arguments: SHA256Pair.Kernel.allCases.filter(\.isSupported), 0..<50 as Range<UInt64>)
    func `pieces of any length add up to the whole`(kernel: SHA256Pair.Kernel, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let (first, second) = ([UInt8].random(count: 2000, using: &random), [UInt8].random(count: 2000, using: &random))
        var pair = SHA256Pair(kernel: kernel)
        var start = 0
        while start < 2000 {
            let end = Int.random(in: start...min(2000, start + 200), using: &random)
            pair.update(first.span.extracting(start..<end), second.span.extracting(start..<end))
            start = end
        }
        let digests = pair.finish()
        #expect(digests == (SHA256.hash(first), SHA256.hash(second)))
    }

    @Test(arguments: SHA256Pair.Kernel.allCases.filter(\.isSupported))
    func `one stream can end and begin anew while the other goes on`(kernel: SHA256Pair.Kernel) {
        let block = [UInt8].pattern(count: 128)
        var pair = SHA256Pair(kernel: kernel)
        pair.update(block.span, block.span)
        #expect(pair.finishSecond() == SHA256.hash(block))
        pair.update(block.span, block.span)
        #expect(pair.finishSecond() == SHA256.hash(block))
        #expect(pair.finishFirst() == SHA256.hash(block + block))
    }
}
