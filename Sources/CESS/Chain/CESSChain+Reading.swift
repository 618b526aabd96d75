internal import Primitives
internal import SCALE
internal import Substrate

/// How the views read storage.
extension CESSChain {
    /// A plain value; nil if the key is missing.
    func value<T>(
        _ item: ChainItem, _ key: StorageKey? = nil, at block: Bytes32,
        _ read: (inout ScaleDecoder) throws(ScaleError) -> T
    ) async throws -> T? {
        try await runtime(at: block).require(item)
        let key = key ?? item.prefix
        return try await servers.read { server in
            try item.decode(try await server.storage(key.bytes, at: block), read)
        }
    }

    /// The values under several keys; the missing ones are left out.
    func values<Name: Hashable & Sendable, T: ScaleDecodable & Sendable>(
        _ item: ChainItem, _ names: some Sequence<Name>, at block: Bytes32, batch: Int,
        key: (Name) -> StorageKey, as type: T.Type = T.self
    ) async throws -> [Name: T] {
        try await values(item, names, at: block, batch: batch, key: key) { (bytes, _) in
            try item.decode(bytes) { (decoder) throws(ScaleError) in try T(from: &decoder) }
        }
    }

    /// The values under several keys that anybody may write to; the missing ones are left out.
    func foreignValues<Name: Hashable & Sendable, T: ScaleDecodable & Sendable>(
        _ item: ChainItem, _ names: some Sequence<Name>, at block: Bytes32, batch: Int, key: (Name) -> StorageKey
    ) async throws -> [Name: ChainValue<T>] {
        try await values(item, names, at: block, batch: batch, key: key) { try item.decodeForeign($0, metadata: $1) }
    }

    private func values<Name: Hashable & Sendable, T>(
        _ item: ChainItem, _ names: some Sequence<Name>, at block: Bytes32, batch: Int,
        key: (Name) -> StorageKey, decode: ([UInt8]?, Metadata) throws -> T?
    ) async throws -> [Name: T] {
        let runtime = try await runtime(at: block)
        try runtime.require(item)
        var values: [Name: T] = [:]
        let names = Array(Set(names))
        for start in stride(from: 0, to: names.count, by: batch) {
            let part = names[start..<min(start + batch, names.count)]
            let keys = part.map { key($0).bytes }
            let found = try await servers.read { server in
                try await server.storage(keys, at: block).map { try decode($0, runtime.metadata) }
            }
            for (name, value) in zip(part, found) { values[name] = value }
        }
        return values
    }

    /// All keys that begin with `prefix`.
    ///
    /// - Throws: `ChainError.malformedKeys` if they are not in order or more than `limit`.
    func keys(_ prefix: StorageKey, of what: String, limit: Int, at block: Bytes32) async throws -> [StorageKey] {
        try await servers.read { server in
            var keys: [[UInt8]] = []
            while true {
                let page = try await server.keysPaged(
                    prefix: prefix.bytes, count: Self.keysInPage, after: keys.last, at: block)
                for key in page {
                    guard key.starts(with: prefix.bytes), keys.last.map({ $0.lexicographicallyPrecedes(key) }) ?? true,
                        keys.count < limit
                    else { throw ChainError.malformedKeys(what) }
                    keys.append(key)
                }
                if page.count < Self.keysInPage { return keys.map(StorageKey.init(bytes:)) }
            }
        }
    }

    private static let keysInPage = 1000
}
