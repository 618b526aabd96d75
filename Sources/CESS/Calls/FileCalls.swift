internal import SCALE
public import Substrate

/// Calls of FileBank (Docs/Protocol/CESS.md, 6.1 and 8.2).
extension Call {
    /// Declares a file, so that nodes may take its fragments. Never declare an FID that has a deal: it would be overwritten.
    ///
    /// - Parameters:
    ///   - segments: 1…1000, each with its 12 fragments.
    ///   - brief: the owner, who is the signer or has authorised it; the file's name has 3…63 bytes.
    ///   - fileSize: the true length, which the chain does not check.
    public static func uploadDeclaration(
        _ fid: FID, segments: [SegmentList], brief: UserBrief, fileSize: UInt128
    ) -> Call {
        Call(
            "FileBank", "upload_declaration",
            layout: "{file_hash: [u8; 64], deal_info: Vec<\(Layout.segmentList)>, user_brief: \(Layout.userBrief), "
                + "file_size: u128}"
        ) {
            $0.encode(fid)
            $0.vector(segments)
            $0.encode(brief)
            $0.integer(fileSize)
        }
    }

    /// Takes `owner` off a file's owners, and the file off the network if it was the last. Succeeds also where `owner` does
    /// not own the file: look afterwards.
    public static func deleteFile(_ fid: FID, owner: AccountID) -> Call {
        Call("FileBank", "delete_file", layout: "{owner: [u8; 32], file_hash: [u8; 64]}") {
            $0.encode(owner)
            $0.encode(fid)
        }
    }

    /// A node's report that it holds a row of a declared file.
    ///
    /// - Parameter row: 0…11; the chain counts from 1.
    public static func transferReport(_ fid: FID, row: Int) -> Call {
        precondition(0..<CESSLimits.fragmentCount ~= row, "a row is 0…11")
        return Call("FileBank", "transfer_report", layout: "{index: u8, deal_hash: [u8; 64]}") {
            $0.integer(UInt8(row + 1))
            $0.encode(fid)
        }
    }

    /// Charges a file to another territory of its owner. As the chain is written, `File` keeps the old name; avoid it.
    public static func territoryFileDelivery(_ fid: FID, user: AccountID, to territory: [UInt8]) -> Call {
        Call(
            "FileBank", "territory_file_delivery",
            layout: "{user: [u8; 32], file_hash: [u8; 64], target_territory: Vec<u8>}"
        ) {
            $0.encode(user)
            $0.encode(fid)
            $0.byteVector(territory)
        }
    }

    /// A node's report that it lost a fragment.
    public static func generateRestoralOrder(_ fid: FID, fragment: FragmentHash) -> Call {
        Call(
            "FileBank", "generate_restoral_order", layout: "{file_hash: [u8; 64], restoral_fragment: [u8; 64]}"
        ) {
            $0.encode(fid)
            $0.encode(fragment)
        }
    }

    public static func claimRestoralOrder(_ fragment: FragmentHash) -> Call {
        Call("FileBank", "claim_restoral_order", layout: "{restoral_fragment: [u8; 64]}") { $0.encode(fragment) }
    }

    public static func claimRestoralNoexistOrder(_ fid: FID, fragment: FragmentHash, node: AccountID) -> Call {
        Call(
            "FileBank", "claim_restoral_noexist_order",
            layout: "{miner: [u8; 32], file_hash: [u8; 64], restoral_fragment: [u8; 64]}"
        ) {
            $0.encode(node)
            $0.encode(fid)
            $0.encode(fragment)
        }
    }

    public static func restoralOrderComplete(_ fragment: FragmentHash) -> Call {
        Call("FileBank", "restoral_order_complete", layout: "{fragment_hash: [u8; 64]}") { $0.encode(fragment) }
    }
}
