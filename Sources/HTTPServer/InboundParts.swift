internal import NIOCore

/// What a connection receives, in order.
///
/// NIO's iterator may be used by any one task at a time, but is not marked as something that may be handed over.
struct InboundParts<Part: Sendable>: @unchecked Sendable {  // one task has it: the connection's
    private nonisolated(unsafe) var iterator: NIOAsyncChannelInboundStream<Part>.AsyncIterator  // as above

    init(_ stream: NIOAsyncChannelInboundStream<Part>) { unsafe iterator = stream.makeAsyncIterator() }

    mutating func next() async throws -> Part? { unsafe try await iterator.next() }
}
