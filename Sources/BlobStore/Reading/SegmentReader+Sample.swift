public import DriveFormat
internal import ErasureCoding
internal import Synchronization

extension SegmentReader {
    /// Reads windows at random places of random rows back from the nodes, and compares them with what was sent: the
    /// spooled segment's bytes, or parity computed from them anew.
    ///
    /// - Parameters:
    ///   - placement: where the volume lies now.
    ///   - local: this disk's copy of it.
    ///   - count: how many windows of 16 KiB; no two of one row before every row of the volume has had one.
    ///   - rows: which rows; all but zeros, unless one is still withheld.
    /// - Returns: how many windows were compared: fewer than `count` where the spool has given up a segment.
    /// - Throws: `ReadError.sampleDiffers` or `.sampleUnreadable` for the first that fails.
    @discardableResult
    public func verifySample(
        of volume: VolumeID, at placement: VolumePlacement, count: Int, rows: Range<Int> = 0..<12,
        using local: some LocalSegments
    ) async throws -> Int {
        let segments = placement.record.segments.indices
        var places: [(segment: Int, row: Int)] = []
        for segment in segments {
            guard let place = SegmentPlace(placement, volume: volume, segment: segment) else { continue }
            places += rows.filter { !place.isZero($0) }.map { (segment, $0) }
        }
        guard !places.isEmpty else { return 0 }
        var samples: [Sample] = []
        while samples.count < count {
            for place in places.shuffled().prefix(count - samples.count) {
                samples.append(
                    Sample(
                        segment: place.segment, row: place.row,
                        window: Int.random(in: 0..<SegmentGeometry.windowsPerFragment)))
            }
        }
        let compared = Mutex(0)
        try await forEachBounded(samples, limit: 12) { sample in
            let isCompared = try await self.check(sample, of: volume, at: placement, using: local)
            if isCompared { compared.withLock { $0 += 1 } }
        }
        return compared.withLock { $0 }
    }

    private struct Sample: Sendable {
        let segment: Int
        let row: Int
        let window: Int
    }

    /// - Returns: false if this disk does not have the segment any more.
    private func check(
        _ sample: Sample, of volume: VolumeID, at placement: VolumePlacement, using local: some LocalSegments
    ) async throws -> Bool {
        let range = SegmentGeometry.bytes(of: sample.window..<sample.window + 1)
        guard let place = SegmentPlace(placement, volume: volume, segment: sample.segment),
            let expected = try expected(sample, range, of: volume, using: local)
        else { return false }
        do {
            let bytes = try await source.bytes(sample.row, of: place, range: range)
            guard bytes == expected else {
                health.lied(place.nodes[sample.row])
                throw ReadError.sampleDiffers(
                    volume, segment: sample.segment, row: sample.row, node: place.nodes[sample.row])
            }
        } catch let failure as RowFailure {
            throw ReadError.sampleUnreadable(volume, segment: sample.segment, failure)
        }
        return true
    }

    private func expected(
        _ sample: Sample, _ range: Range<Int>, of volume: VolumeID, using local: some LocalSegments
    ) throws -> [UInt8]? {
        func data(_ row: Int) throws -> [UInt8]? {
            let start = row * SegmentGeometry.fragmentByteCount
            return try local.bytes(
                volume: volume, segment: sample.segment, range: start + range.lowerBound..<start + range.upperBound)
        }
        guard sample.row >= SegmentGeometry.dataRowCount else { return try data(sample.row) }
        var rows: [(index: Int, bytes: [UInt8])] = []
        for row in 0..<SegmentGeometry.dataRowCount {
            guard let bytes = try data(row) else { return nil }
            rows.append((row, bytes))
        }
        return try ReedSolomon().rebuild([sample.row], from: rows)[0]
    }
}
