/// Runs `work` on every element, at most `limit` at a time. The first error cancels the rest and is rethrown.
func forEachBounded<Element: Sendable>(
    _ elements: some Sequence<Element>, limit: Int, _ work: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (started, element) in elements.enumerated() {
            if started >= limit { try await group.next() }
            group.addTask { try await work(element) }
        }
        try await group.waitForAll()
    }
}
