public import Primitives
internal import SCALE
public import Substrate

/// Calls of StorageHandler (Docs/Protocol/CESS.md, 6.2 and 8.1). Names have at most 63 bytes.
extension Call {
    /// Leases a new territory for at least 30 days. Its price: `CESSChain.mintPrice`.
    public static func mintTerritory(_ name: [UInt8], gibCount: UInt32, days: UInt32) -> Call {
        Call(
            "StorageHandler", "mint_territory", layout: "{gib_count: u32, territory_name: Vec<u8>, days: u32}"
        ) {
            $0.integer(gibCount)
            $0.byteVector(name)
            $0.integer(days)
        }
    }

    /// Adds space for the rest of the lease.
    public static func expandTerritory(_ name: [UInt8], gibCount: UInt32) -> Call {
        Call("StorageHandler", "expanding_territory", layout: "{territory_name: Vec<u8>, gib_count: u32}") {
            $0.byteVector(name)
            $0.integer(gibCount)
        }
    }

    /// Prolongs the lease of an active or frozen territory.
    public static func renewTerritory(_ name: [UInt8], days: UInt32) -> Call {
        Call("StorageHandler", "renewal_territory", layout: Layout.nameAndDays) {
            $0.byteVector(name)
            $0.integer(days)
        }
    }

    /// Leases an expired territory anew; it comes back empty.
    public static func reactivateTerritory(_ name: [UInt8], days: UInt32) -> Call {
        Call("StorageHandler", "reactivate_territory", layout: Layout.nameAndDays) {
            $0.byteVector(name)
            $0.integer(days)
        }
    }

    public static func otherReactivateTerritory(_ name: [UInt8], of target: AccountID, days: UInt32) -> Call {
        Call(
            "StorageHandler", "other_reactivate_territory",
            layout: "{target_acc: [u8; 32], territory_name: Vec<u8>, days: u32}"
        ) {
            $0.encode(target)
            $0.byteVector(name)
            $0.integer(days)
        }
    }

    /// Renames an empty territory. There is no event.
    public static func renameTerritory(_ name: [UInt8], to newName: [UInt8]) -> Call {
        Call("StorageHandler", "territory_rename", layout: "{old_name: Vec<u8>, new_name: Vec<u8>}") {
            $0.byteVector(name)
            $0.byteVector(newName)
        }
    }

    /// Gives an empty territory away; its new name is its raw token. There is no event, and the receiver is not asked.
    public static func grantTerritory(_ name: [UInt8], to receiver: AccountID) -> Call {
        Call("StorageHandler", "territory_grants", layout: "{territory_name: Vec<u8>, receiver: [u8; 32]}") {
            $0.byteVector(name)
            $0.encode(receiver)
        }
    }

    /// Offers an empty territory for sale.
    public static func consignTerritory(_ name: [UInt8], price: UInt128) -> Call {
        Call("StorageHandler", "territory_consignment", layout: "{territory_name: Vec<u8>, price: u128}") {
            $0.byteVector(name)
            $0.integer(price)
        }
    }

    public static func buyConsignment(_ token: Bytes32, rename: [UInt8]) -> Call {
        Call("StorageHandler", "buy_consignment", layout: "{token: [u8; 32], rename: Vec<u8>}") {
            $0.encode(token)
            $0.byteVector(rename)
        }
    }

    public static func cancelConsignment(_ name: [UInt8]) -> Call {
        Call("StorageHandler", "cancel_consignment", layout: "{territory_name: Vec<u8>}") { $0.byteVector(name) }
    }

    public static func cancelPurchase(_ token: Bytes32) -> Call {
        Call("StorageHandler", "cancel_purchase_action", layout: "{token: [u8; 32]}") { $0.encode(token) }
    }

    /// Fixes the price of an order that anybody may pay. `expiry` is in the chain's own odd unit and must stay below 100.
    public static func createOrder(
        _ kind: OrderType, territory name: [UInt8], of target: AccountID, gibCount: UInt32, days: UInt32,
        expiry: UInt32
    ) -> Call {
        Call(
            "StorageHandler", "create_order",
            layout: "{target_acc: [u8; 32], territory_name: Vec<u8>, order_type: <0 Buy, 1 Expansion, 2 Renewal>, "
                + "gib_count: u32, days: u32, expired: u32}"
        ) {
            $0.encode(target)
            $0.byteVector(name)
            $0.encode(kind)
            $0.integer(gibCount)
            $0.integer(days)
            $0.integer(expiry)
        }
    }

    public static func executeOrder(_ id: [UInt8]) -> Call {
        Call("StorageHandler", "exec_order", layout: "{order_id: Vec<u8>}") { $0.byteVector(id) }
    }
}
