/// What the local chain declares of the CESS runtime (spec 137): the same indexes, names, hashers and layouts as the real
/// one has, and nothing that the local chain cannot do (Docs/Protocol/LocalNetwork.md).
struct RuntimeSchema {
    let types: [TypeDeclaration]
    let pallets: [PalletDeclaration]
    let extrinsic: ExtrinsicDeclaration

    init() {
        let text = [
            Self.system, Self.utility, Self.babe, Self.timestamp, Self.balances, Self.transactionPayment, Self.fileBank,
            Self.sminer, Self.storageHandler, Self.oss, Self.extrinsic,
        ]
        let parser = SchemaParser(text.joined(separator: "\n"))
        guard let extrinsic = parser.extrinsic else { preconditionFailure("the schema lacks the extrinsic") }
        self.extrinsic = extrinsic
        pallets = parser.pallets
        // The runtime's outer enums: one variant for each pallet that has the part.
        let outer = [
            ("RuntimeCall", "Call", { (pallet: PalletDeclaration) in pallet.calls }),
            ("RuntimeEvent", "Event", \.events),
            ("RuntimeError", "Error", \.errors),
        ].map { name, part, declaration in
            let variants = parser.pallets.filter { declaration($0) != nil }.map { pallet in
                TypeDeclaration.Variant(
                    index: pallet.index, name: pallet.name,
                    fields: [.init(name: nil, type: .named("\(pallet.name).\(part)", []))])
            }
            return TypeDeclaration(
                path: ["cess_node_runtime", name], parameters: [], body: .enumeration(variants))
        }
        types = parser.types + outer
    }
}
