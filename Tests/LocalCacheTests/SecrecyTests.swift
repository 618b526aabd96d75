import Foundation
import TestSupport
import Testing

@testable import LocalCache

struct SecrecyTests {
    @Test func `no content, key, value or file number is readable on the disk`() throws {
        try CacheFixture.with { fixture in
            let content = Array("planted content of a file".utf8)
            let (key, value) = (Array("planted key".utf8), Array("planted value".utf8))
            let file = FileNumber(0x1122_3344_5566_7788)
            do {
                let cache = try fixture.open()
                for round in 0..<40 as Range<UInt64> {
                    try cache.write(content, to: file, at: round * 1000, records: [.put(key: key, value: value)])
                    try cache.keep(content, of: file, at: round * 1000 + 500)
                }
                try cache.makeRoom(1)
                try cache.close()
            }
            let number = withUnsafeBytes(of: file.value) { Array($0) }
            let planted = [content, key, value, number, Array(number.reversed())]
            for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory) {
                let bytes = Data(try fixture.contents(name))
                for secret in planted { #expect(bytes.range(of: Data(secret)) == nil) }
                // Lengths and all: the same content twice gives other bytes.
                #expect(!name.contains("planted"))
            }
        }
    }

    @Test func `no nonce is used twice`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            for round in 0..<50 as Range<UInt64> { try cache.write([1, 2, 3], to: FileNumber(1), at: round) }
            try cache.close()
            var seen: Set<[UInt8]> = []
            for name in try fixture.segmentNames() {
                let bytes = try fixture.contents(name)
                var position = SegmentHeader.byteCount
                #expect(seen.insert(Array(bytes[32..<48])).inserted)
                while let prefix = RecordPrefix(Array(bytes[position..<position + 16])),
                    position + prefix.byteCount <= bytes.count
                {
                    for block in 0...1 as ClosedRange<UInt64> {
                        let suffix = withUnsafeBytes(of: prefix.counter + block) { Array($0) }
                        #expect(seen.insert(Array(bytes[32..<48]) + suffix).inserted)
                    }
                    position += prefix.byteCount
                }
            }
            #expect(seen.count > 100)
        }
    }

    @Test func `files and directory belong to their user alone`() throws {
        try CacheFixture.with { fixture in
            try fixture.open().write([1], to: FileNumber(1))
            for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory) {
                let mode = try FileManager.default.attributesOfItem(atPath: fixture.path(name))[.posixPermissions]
                #expect(mode as? NSNumber == 0o600)
            }
            let mode = try FileManager.default.attributesOfItem(atPath: fixture.directory)[.posixPermissions]
            #expect(mode as? NSNumber == 0o700)
        }
    }
}
