internal import SCALE
public import Substrate

/// Calls of Sminer (Docs/Protocol/CESS.md, 6.3).
extension Call {
    /// Registers the signer as a storage node.
    ///
    /// - Parameters:
    ///   - endpoint: at most 100 bytes, such as `http://10.0.0.1:15001`.
    ///   - stake: what is reserved of the signer's balance.
    ///   - tibCount: the space that the node declares.
    public static func registerMiner(
        beneficiary: AccountID, endpoint: [UInt8], stake: UInt128, tibCount: UInt32
    ) -> Call {
        Call(
            "Sminer", "regnstk",
            layout: "{beneficiary: [u8; 32], endpoint: Vec<u8>, staking_val: u128, tib_count: u32}"
        ) {
            $0.encode(beneficiary)
            $0.byteVector(endpoint)
            $0.integer(stake)
            $0.integer(tibCount)
        }
    }

    public static func updateEndpoint(_ endpoint: [UInt8]) -> Call {
        Call("Sminer", "update_endpoint", layout: "{endpoint: Vec<u8>}") { $0.byteVector(endpoint) }
    }

    public static func increaseCollateral(of node: AccountID, by amount: UInt128) -> Call {
        Call("Sminer", "increase_collateral", layout: "{miner: [u8; 32], collaterals: Compact<u128>}") {
            $0.encode(node)
            $0.compact(amount)
        }
    }
}

/// Calls of Oss (Docs/Protocol/CESS.md, 6.4 and 8.6).
extension Call {
    /// Lets an operator declare and delete files, that is use up the signer's territory; it cannot move funds.
    public static func authorize(_ operatorID: AccountID) -> Call {
        Call("Oss", "authorize", layout: "{operator: [u8; 32]}") { $0.encode(operatorID) }
    }

    public static func cancelAuthorize(_ operatorID: AccountID) -> Call {
        Call("Oss", "cancel_authorize", layout: "{oss: [u8; 32]}") { $0.encode(operatorID) }
    }
}

/// Calls of Balances, System and Utility (Docs/Protocol/CESS.md, 6.6 and 6.7).
extension Call {
    /// Sends funds and leaves the sender at least the existential deposit.
    public static func transferKeepAlive(to destination: AccountID, amount: UInt128) -> Call {
        Call("Balances", "transfer_keep_alive", layout: "{dest: \(Layout.address), value: Compact<u128>}") {
            $0.address(destination)
            $0.compact(amount)
        }
    }

    /// Sends funds, even if the sender's account ends with it.
    public static func transferAllowDeath(to destination: AccountID, amount: UInt128) -> Call {
        Call("Balances", "transfer_allow_death", layout: "{dest: \(Layout.address), value: Compact<u128>}") {
            $0.address(destination)
            $0.compact(amount)
        }
    }

    public static func transferAll(to destination: AccountID, keepAlive: Bool) -> Call {
        Call("Balances", "transfer_all", layout: "{dest: \(Layout.address), keep_alive: bool}") {
            $0.address(destination)
            $0.bool(keepAlive)
        }
    }

    /// Leaves bytes in a block, nothing else.
    public static func remark(_ bytes: [UInt8]) -> Call {
        Call("System", "remark", layout: "{remark: Vec<u8>}") { $0.byteVector(bytes) }
    }

    public static func remarkWithEvent(_ bytes: [UInt8]) -> Call {
        Call("System", "remark_with_event", layout: "{remark: Vec<u8>}") { $0.byteVector(bytes) }
    }

    /// Several calls, of which all or none take effect.
    public static func batchAll(_ calls: [Call]) -> Call {
        Call("Utility", "batch_all", layout: "{calls: Vec<Call>}", calls: calls)
    }

    /// Several calls up to the first that fails; the extrinsic succeeds all the same (`SubmissionError.interrupted`).
    public static func batch(_ calls: [Call]) -> Call {
        Call("Utility", "batch", layout: "{calls: Vec<Call>}", calls: calls)
    }

    /// Several calls, each whatever the others do.
    public static func forceBatch(_ calls: [Call]) -> Call {
        Call("Utility", "force_batch", layout: "{calls: Vec<Call>}", calls: calls)
    }
}

extension ScaleEncoder {
    /// `MultiAddress::Id`.
    fileprivate mutating func address(_ account: AccountID) {
        integer(UInt8(0))
        encode(account)
    }
}
