import Testing

/// Each has a network of sixteen processes, and waits for its blocks most of the time.
@Suite(.enabled(if: Sandbox.program != nil, "CESSDRIVE_BINARY names no program"))
struct SessionTests {
    /// Two at a time: more would wait for the processor, and find timeouts there.
    private static let places = Places(2)

    @Test(arguments: Session.chosen)
    func `the session goes as it is written`(session: Session) async throws {
        try await Self.places.with {
            try await Sandbox.with { try await session.run(in: $0) }
        }
    }
}

@Suite struct SessionStepTests {
    @Test func `there are sessions, and all that were asked for`() {
        let names = Session.all.map(\.name)
        #expect(!names.isEmpty && !Session.chosen.isEmpty)
        for name in Session.chosenNames ?? [] { #expect(names.contains(name)) }
    }

    @Test func `lines are commands, expectations, or nothing`() {
        #expect(SessionStep("") == nil)
        #expect(SessionStep("  # text") == nil)
        #expect(SessionStep("cessdrive ls") == .command("cessdrive ls", .success))
        #expect(SessionStep("! cessdrive ls") == .command("cessdrive ls", .failure))
        #expect(SessionStep("[4] cessdrive ls") == .command("cessdrive ls", .status(4)))
        #expect(SessionStep("[ -e file ]") == .command("[ -e file ]", .success))
        #expect(SessionStep("stderr 'hint:'") == .matches(.stderr, "hint:", negated: false))
        #expect(SessionStep("! stdout '^a$'") == .matches(.stdout, "^a$", negated: true))
        #expect(SessionStep("export A=b") == .export("export A=b"))
        #expect(SessionStep("skip unless test -e x") == .skip(unless: "test -e x"))
        #expect(SessionStep("eventually test -e x") == .eventually("test -e x"))
    }
}
