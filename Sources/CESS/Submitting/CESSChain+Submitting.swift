internal import Primitives
internal import SCALE
public import Substrate

/// Signing and sending. Submissions of one account have to be made one after the other, or with nonces of one's own.
extension CESSChain {
    /// Blocks that an extrinsic lives: 6.4 minutes of 6 s blocks.
    public static let eraPeriod: UInt32 = 64

    /// Signs a call for the chain as it is now. Nothing is sent: the result can be written down first, so that after a crash
    /// the same extrinsic is looked for and sent again, and never a second one like it.
    ///
    /// - Parameters:
    ///   - nonce: nil for the server's next one, with what waits in its pool.
    ///   - period: blocks that it lives, rounded up to a power of two.
    ///
    /// There is no tip: Swift 6.3 crashes on entry to an async function that has a `UInt128` among the arguments on its stack.
    ///
    /// - Throws: `MetadataError` if the runtime is not the one that the call is written for.
    public func sign(
        _ call: Call, by signer: KeyPair, nonce: UInt32? = nil, period: UInt32 = eraPeriod
    ) async throws -> SignedExtrinsic {
        let finalized = try await finalizedBlock()
        let era = Era(period: period, current: finalized.number)
        let eraBlockHash = try await hash(ofBirth: era, finalized)
        let current = try await runtime(at: try await bestHash())
        let next: UInt32
        if let nonce { next = nonce } else { next = try await nextNonce(of: signer.accountID) }
        let context = SigningContext(
            specVersion: current.version.specVersion, transactionVersion: current.version.transactionVersion,
            genesisHash: genesis, era: era, eraBlockHash: eraBlockHash, nonce: next)
        return try current.metadata.sign(call, by: signer, in: context, current: finalized.number)
    }

    private func bestHash() async throws -> Bytes32 { try await servers.read { try await $0.bestHash() } }

    /// The hash of the first block of an era that was made at `current`.
    private func hash(ofBirth era: Era, _ current: BlockRef) async throws -> Bytes32 {
        guard let birth = era.birth(current: current.number), birth != current.number else { return current.hash }
        guard let hash = try await blockHash(birth) else { throw ChainError.unknownBlock("\(birth)") }
        return hash
    }

    /// What a call would cost now beside what it transfers or buys. Needs no key, and no balance.
    public func fee(of call: Call, by signer: AccountID) async throws -> UInt128 {
        let best = try await bestHash()
        let current = try await runtime(at: best)
        let context = SigningContext(
            specVersion: current.version.specVersion, transactionVersion: current.version.transactionVersion,
            genesisHash: genesis, era: Era(period: Self.eraPeriod, current: 0), nonce: 0)
        // The fee depends on length and weight only; nobody checks this signature.
        let extrinsic = Extrinsic.signed(
            call: try current.metadata.encode(call), signer: signer,
            signature: .sr25519([UInt8](repeating: 1, count: 64)),
            extra: try current.metadata.signedExtensions(context).extra)
        return try await servers.read { try await $0.queryInfo(extrinsic, at: best) }.partialFee
    }

    /// Sends a signed extrinsic. Sending the same one again is harmless, also when it is in a block already.
    ///
    /// - Throws: `SubmissionError.refused` if no server takes it. After any other error it may have been taken all the same.
    public func submit(_ signed: SignedExtrinsic) async throws {
        do {
            let hash = try await servers.read { server in
                // Known already is as good as taken: no other server has to be asked.
                do { return try await server.submitExtrinsic(signed.bytes) } catch RPCError.refused(
                    _, PoolRefusal.alreadyImported, _, _)
                { return signed.hash }
            }
            guard hash == signed.hash else {
                throw RPCError.malformedAnswer(method: "author_submitExtrinsic", "it is the hash of another extrinsic")
            }
        } catch RPCError.refused(_, let code, let message, let data) {
            let text = data?.string ?? message
            let refusal = PoolRefusal(code: code, text: text)
            // What is in a block already looks outdated or banned to the pool.
            if refusal == .stale || refusal == .banned, try await place(of: signed) != nil { return }
            throw SubmissionError.refused(refusal, message: text)
        }
    }

    /// Sends a signed extrinsic, again perhaps, and waits until it is in a block or never can be in one.
    ///
    /// A refusal because of its age or its nonce is one server's word, and one that lags behind gives it just so: finalized
    /// blocks decide. An era goes round and round: when it is over it is taken for one of the next period, which began with
    /// another block, so that the signature seems bad. Servers keep the state of old blocks for some time only: of an
    /// extrinsic that is in one, nobody may be able to tell any more what it did.
    ///
    /// - Returns: its block; nil if it never was included and no longer can be.
    /// - Throws: `SubmissionError.refused` for other reasons; `failed`.
    public func settle(_ signed: SignedExtrinsic) async throws -> BlockRef? {
        do { try await submit(signed) } catch SubmissionError.refused(let refusal, _)
            where [.ancientBirth, .stale, .badSignature].contains(refusal)
        {}
        if let (block, index) = try await place(of: signed) {
            do {
                if let failure = try await inclusion(in: block, at: index).failure {
                    throw SubmissionError.failed(failure, in: block)
                }
            } catch RPCError.refused {}  // the state is gone
            return block
        }
        do { return try await waitIncluded(signed).block } catch SubmissionError.dead, SubmissionError.superseded {
            return nil
        }
    }

    /// Signs and sends a call.
    public func submit(_ call: Call, by signer: KeyPair, nonce: UInt32? = nil) async throws -> SignedExtrinsic {
        let signed = try await sign(call, by: signer, nonce: nonce)
        try await submit(signed)
        return signed
    }
}
