internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// The declarations that were sent for volumes on their way, kept on this disk until these are published: a fork may take back
/// what is in a block, and a server that lags does not show it.
struct Submissions: Sendable {
    let chain: any StorageChain
    let database: StoreDatabase

    private struct Submission: ScaleCodable {
        let extrinsic: SignedExtrinsic
        /// What it declares.
        let fids: [Bytes32]

        init(extrinsic: SignedExtrinsic, fids: [Bytes32]) {
            self.extrinsic = extrinsic
            self.fids = fids
        }

        init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            extrinsic = try decoder.decode()
            fids = try decoder.vector()
        }

        func encode(to encoder: inout ScaleEncoder) {
            encoder.encode(extrinsic)
            encoder.vector(fids)
        }
    }

    /// The volumes are published: nothing that was sent for them is asked for again.
    func forget() async throws { try await database.removeSubmissions() }

    /// Declares volumes by one extrinsic. It waits in the pool when this returns.
    ///
    /// - Throws: `StoreError.notDeclared` where another machine of this account has used the nonce meanwhile. `settle` finds out
    ///   whether it has: a server that lags says the same of one that is in a block.
    func declare(_ volumes: [Placer.Volume], in territory: [UInt8], signer: KeyPair) async throws {
        let extrinsic = try await chain.signDeclaration(
            of: volumes.map(\.declaration), territory: territory, signer: signer)
        // On disk before it is sent: after a crash this very extrinsic is sent again, not a second one.
        let submission = Submission(extrinsic: extrinsic, fids: volumes.map(\.fid.bytes))
        try await database.addSubmission(submission.scaleBytes, declaring: volumes.map { ($0.id, $0.fid.bytes) })
        do {
            try await patiently { try await chain.send(extrinsic) }
        } catch SubmissionError.refused(.stale, _) {
            throw StoreError.notDeclared(volumes[0].fid)
        }
    }

    /// Sends again what was sent before, and forgets only what can never take effect any more: a server's refusal does not
    /// prove that no other server took it.
    ///
    /// - Parameter fids: only what declares one of these, so that many volumes that are declared one after the other do not ask
    ///   for all that came before; nil for everything.
    /// - Returns: the blocks that have the declarations of volumes.
    func settle(only fids: Set<Bytes32>? = nil) async throws -> [Bytes32: BlockNumber] {
        var blocks: [Bytes32: BlockNumber] = [:]
        for (number, record) in try await database.submissions(declaring: fids) {
            let submission = try Submission(scaleBytes: record)
            do {
                guard let block = try await patiently({ try await chain.submit(submission.extrinsic) }) else {
                    try await database.removeSubmission(number)
                    continue
                }
                for fid in submission.fids { blocks[fid] = block }
            } catch SubmissionError.failed(let failure, let block) {
                try await database.removeSubmission(number)
                throw SubmissionError.failed(failure, in: block)
            }
        }
        return blocks
    }

    /// So many blocks are waited for a place in the pool that another extrinsic of this account has.
    private static let poolPatience = 5

    /// Another drive of this account may have been faster with a nonce.
    private func patiently<R>(_ send: () async throws -> R) async throws -> R {
        var patience = Self.poolPatience
        while true {
            do { return try await send() } catch SubmissionError.refused(.priority, _) where patience > 0 {
                patience -= 1
                try await Task.sleep(for: chain.blockTime)
            }
        }
    }
}
