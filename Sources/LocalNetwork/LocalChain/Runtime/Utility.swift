internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

// The Utility pallet.
extension BlockExecution {
    /// `batch` stops at the first failure and succeeds, `batch_all` fails as a whole, `force_batch` goes on.
    func batch(_ calls: [RuntimeCall], _ kind: RuntimeCall.BatchKind, by origin: AccountID) throws {
        guard calls.count <= CESSLimits.maximumBatchedCallCount else { throw DispatchFailure.tooManyCalls }
        var hasFailed = false
        for (index, call) in calls.enumerated() {
            do throws(DispatchFailure) { try transactional { try dispatch(call, by: origin) } } catch {
                switch kind {
                case .all: throw error
                case .batch:
                    deposit(PalletIndex.utility, 0) {  // BatchInterrupted
                        $0.integer(UInt32(index))
                        $0.encode(error)
                    }
                    return
                case .force:
                    hasFailed = true
                    deposit(PalletIndex.utility, 4) { $0.encode(error) }  // ItemFailed
                    continue
                }
            }
            deposit(PalletIndex.utility, 3)  // ItemCompleted
        }
        deposit(PalletIndex.utility, hasFailed ? 2 : 1)  // BatchCompleted, BatchCompletedWithErrors
    }

    /// The account that `as_derivative` acts for.
    func derivative(of account: AccountID, _ index: UInt16) -> AccountID {
        var encoder = ScaleEncoder()
        encoder.raw(Array("modlpy/utilisuba".utf8))
        encoder.encode(account)
        encoder.integer(index)
        return AccountID(BLAKE2b.hash256(encoder.bytes))
    }
}
