internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Logging
internal import Sealing
internal import Substrate

/// Sends the full volumes of a change while the rest of it is still being staged, one after the other. The next one is
/// declared meanwhile, and no further: what was declared has to be sent, however slow the line, and whatever becomes of the
/// change.
///
/// What was declared belongs to the next commit, whichever that is: that of the change, or, if the change is interrupted, of
/// one made later on this machine (`Spool.beginCommit`). Whatever stops this, the commit's own way meets it again, and says so.
///
/// Design: Docs/Design.md, section 7.
struct SendingAhead: Sendable {
    private let drive: Drive
    private let options: ChangeOptions
    /// So many volumes may be declared and not yet sent.
    private static let lead = 2
    /// One for each that may still be declared.
    private let places = AsyncStream<Void>.makeStream()
    private let declared = AsyncStream<(PlacementPlan.Volume, Placer)>.makeStream()
    private let declaringEnd = AsyncStream<Never>.makeStream()
    private let sendingEnd = AsyncStream<Never>.makeStream()

    init(_ drive: Drive, _ options: ChangeOptions) {
        self.drive = drive
        self.options = options
        for _ in 0..<Self.lead { places.continuation.yield() }
    }

    /// Declares what is filled, until nothing more is: what is left then the commit declares at once.
    ///
    /// - Parameter sequence: the coming commit's.
    func declare(_ filled: AsyncStream<VolumeID>, of spool: Spool, sequence: UInt64) async {
        defer {
            declared.continuation.finish()
            declaringEnd.continuation.finish()
        }
        do {
            let name = VolumeName(drive: drive.id, kind: .content, counter: sequence)
            var placer: Placer?
            var places = places.stream.makeAsyncIterator()
            for await id in filled {
                guard await places.next() != nil, await spool.isBeingFilled else { return }
                if placer == nil { try await options.declaring() }
                let current = if let placer { placer } else { try await self.placer(spool) }
                placer = current
                let volume = try await PlacementPlan.Volume.of(id, named: name, in: spool, drive.keys.nameTagKey)
                try await current.declare(volume)
                declared.continuation.yield((volume, current))
            }
        } catch { note(error) }
    }

    /// Sends what is declared, until nothing more is.
    func send() async {
        defer {
            places.continuation.finish()
            sendingEnd.continuation.finish()
        }
        do {
            for await (volume, placer) in declared.stream {
                try await placer.place(volume)
                places.continuation.yield()
            }
        } catch { note(error) }
    }

    /// Returns when nothing is declared any more, which only one task at a time may do.
    func declaringIsDone() async { for await _ in declaringEnd.stream {} }

    /// Returns when nothing is sent any more.
    func sendingIsDone() async { for await _ in sendingEnd.stream {} }

    private func note(_ error: any Error) {
        drive.logger.info("nothing more is sent ahead", metadata: ["error": "\(error)"])
    }

    /// Takes a quarter of the room that there is: a change may turn out to be too large, and then others must still fit.
    private func placer(_ spool: Spool) async throws -> Placer {
        let best = try await drive.chain.bestBlock()
        let territory = try await drive.chain.territory(
            of: drive.accountID, named: drive.territoryName, at: best.hash)
        let room = UInt64(clamping: territory?.remainingSpace ?? 0)
        return Placer(
            chain: drive.chain, nodes: drive.nodes, database: drive.database, spool: spool, signer: drive.account,
            territory: drive.territoryName, reserve: max(Placer.reserve, room - room / 4), transfers: options.transfers)
    }
}
