internal import SCALE

/// The runtime's name and numbers, as the constant `System.Version` of the schema has them.
struct RuntimeVersion: Sendable {
    /// The constant's encoding.
    let bytes: [UInt8]
    let specName: String
    let implName: String
    let authoringVersion: UInt32
    let specVersion: UInt32
    let implVersion: UInt32
    let apis: [(id: [UInt8], version: UInt32)]
    let transactionVersion: UInt32
    let systemVersion: UInt8

    init(_ schema: RuntimeSchema) {
        let constant = schema.pallets.first { $0.name == "System" }?.constants.first { $0.name == "Version" }
        guard let constant, let version = try? RuntimeVersion(bytes: constant.bytes) else {
            preconditionFailure("the schema has the runtime's version")
        }
        precondition(version.specVersion == RuntimeParameters.specVersion)
        self = version
    }

    private init(bytes: [UInt8]) throws(ScaleError) {
        self.bytes = bytes
        var decoder = ScaleDecoder(bytes)
        specName = try decoder.string()
        implName = try decoder.string()
        authoringVersion = try decoder.integer()
        specVersion = try decoder.integer()
        implVersion = try decoder.integer()
        apis = try decoder.vector { (item) throws(ScaleError) in (id: try item.raw(8), version: try item.integer()) }
        transactionVersion = try decoder.integer()
        systemVersion = try decoder.byte()
        try decoder.finish()
    }
}
