internal import DriveFormat

extension Drive {
    /// Makes the first commit, of an empty root. A drive that has one is left as it is.
    public func create(_ options: ChangeOptions) async throws -> ChangeResult {
        try await change(options) { $0.state }
    }
}
