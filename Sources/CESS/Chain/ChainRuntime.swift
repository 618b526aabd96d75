internal import Primitives
public import Substrate

/// A version of the chain's runtime, checked against the layouts that this module is written for.
public struct ChainRuntime: Sendable {
    public let version: RuntimeVersion
    public let metadata: Metadata
    public let constants: ChainConstants
    private let unreadable: [ChainItem: MetadataError]

    /// - Throws: `MetadataError` if this is not a runtime of CESS that can be worked with at all.
    init(version: RuntimeVersion, metadata: Metadata) throws(MetadataError) {
        self.version = version
        self.metadata = metadata
        constants = try ChainConstants(metadata)
        var unreadable: [ChainItem: MetadataError] = [:]
        for item in ChainItem.all {
            do throws(MetadataError) { try item.check(metadata) } catch { unreadable[item] = error }
        }
        self.unreadable = unreadable
    }

    /// - Throws: `MetadataError` if this runtime's item cannot be read.
    func require(_ item: ChainItem) throws(MetadataError) {
        if let error = unreadable[item] { throw error }
    }

    /// What of the calls and storage items that this module knows is missing or laid out otherwise. Those are refused when
    /// they are used; the others work.
    public var differences: [MetadataError] {
        let calls = Call.samples.compactMap { call -> MetadataError? in
            do throws(MetadataError) { _ = try metadata.encode(call) } catch { return error }
            return nil
        }
        return unreadable.values.sorted { "\($0)" < "\($1)" } + calls
    }
}
