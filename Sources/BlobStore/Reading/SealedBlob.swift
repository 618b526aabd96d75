public import DriveFormat
public import Sealing

/// A blob as it lies in a segment: sealed, and found to be what its name says.
public struct SealedBlob: Sendable {
    public let reference: BlobReference
    public let kind: BlobKind
    /// All its frames.
    let bytes: [UInt8]
}

extension BlobReader {
    /// A whole blob as it is sealed, after it was opened and its identifier compared.
    ///
    /// - Throws: as `read`.
    public func sealed(_ reference: BlobReference, kind: BlobKind) async throws -> SealedBlob {
        let opening = opening
        let (pointer, range) = (reference.pointer, try BlobOpening.sealedRange(reference))
        let bytes = try await segments.open(
            pointer.volume, segment: Int(pointer.segment), range: range, pattern: .small, blob: reference.id
        ) { bytes in
            try opening.whole(reference, kind: kind, in: bytes).map { _ in bytes.withSpan(range) { $0.bytes } }
        }
        return SealedBlob(reference: reference, kind: kind, bytes: bytes)
    }
}
