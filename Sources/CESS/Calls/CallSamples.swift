internal import Primitives
internal import Substrate

extension Call {
    /// One of each call that this module writes, to compare their layouts with a runtime's.
    static let samples: [Call] = {
        let (account, fid, fragment) = (AccountID(.zero), FID(.zero), FragmentHash(.zero))
        let brief = UserBrief(user: account, fileName: [], territoryName: [])
        return [
            .uploadDeclaration(fid, segments: [], brief: brief, fileSize: 0), .deleteFile(fid, owner: account),
            .transferReport(fid, row: 0), .territoryFileDelivery(fid, user: account, to: []),
            .generateRestoralOrder(fid, fragment: fragment), .claimRestoralOrder(fragment),
            .claimRestoralNoexistOrder(fid, fragment: fragment, node: account), .restoralOrderComplete(fragment),
            .mintTerritory([], gibCount: 0, days: 0), .expandTerritory([], gibCount: 0), .renewTerritory([], days: 0),
            .reactivateTerritory([], days: 0), .otherReactivateTerritory([], of: account, days: 0),
            .renameTerritory([], to: []), .grantTerritory([], to: account), .consignTerritory([], price: 0),
            .buyConsignment(.zero, rename: []), .cancelConsignment([]), .cancelPurchase(.zero),
            .createOrder(.buy, territory: [], of: account, gibCount: 0, days: 0, expiry: 0), .executeOrder([]),
            .registerMiner(beneficiary: account, endpoint: [], stake: 0, tibCount: 0), .updateEndpoint([]),
            .increaseCollateral(of: account, by: 0), .authorize(account), .cancelAuthorize(account),
            .transferKeepAlive(to: account, amount: 0), .transferAllowDeath(to: account, amount: 0),
            .transferAll(to: account, keepAlive: true), .remark([]), .remarkWithEvent([]), .batchAll([]), .batch([]),
            .forceBatch([]),
        ]
    }()
}
