/// Where a storage node says that it can be reached: free text of its operator on the chain.
public enum NodeEndpoint {
    /// The base URL without a slash at its end: cut at the first NUL, `http://` in front where there is no scheme
    /// (Docs/Protocol/CESS.md, section 3.1).
    ///
    /// - Returns: nil if it cannot be an address: not UTF-8, empty, blank inside, or of another scheme.
    public static func url(_ registered: some Sequence<UInt8>) -> String? {
        guard let text = String(validating: Array(registered.prefix { $0 != 0 }), as: UTF8.self) else { return nil }
        return url(text)
    }

    public static func url(_ text: String) -> String? {
        var rest = Substring(text.prefix { $0 != "\0" })
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        let parts = rest.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts.count == 2 ? parts[0].lowercased() : "http"
        var address = parts.last ?? ""
        while address.last == "/" { address.removeLast() }
        guard !address.isEmpty, ["http", "https"].contains(scheme), address.utf8.allSatisfy({ 33...126 ~= $0 })
        else { return nil }
        return scheme + "://" + address
    }
}
