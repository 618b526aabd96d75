internal import Glibc

private let zeros = [UInt8](repeating: 0, count: 4096)

extension Span<UInt8> {
    /// How many bytes there are up to the last that is not zero.
    ///
    /// Compared by pages: a loop over the bytes of a fragment that is nothing but zeros would take longer than to send it.
    public var countWithoutTrailingZeros: Int {
        withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            var count = bytes.count
            zeros.withUnsafeBufferPointer { zeros in
                guard let zero = zeros.baseAddress else { return }
                while count >= zeros.count, memcmp(start + (count - zeros.count), zero, zeros.count) == 0 {
                    count -= zeros.count
                }
            }
            while count > 0, bytes[count - 1] == 0 { count -= 1 }
            return count
        }
    }
}
