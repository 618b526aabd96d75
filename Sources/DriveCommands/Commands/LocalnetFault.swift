import ArgumentParser
import LocalNetwork

/// `cessdrive localnet fault`: nodes that misbehave, for tests and drills.
struct LocalnetFault: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Let a node misbehave from now on, or behave again.",
        discussion: """
            Examples:
              cessdrive localnet fault 4 corrupting
              cessdrive localnet fault 4 none
            """)

    @Argument(help: "The node's number.") var number: Int
    @Argument(
        help: "What is to be wrong with it, 'none' for nothing: \(Self.names.joined(separator: ", ")).",
        completion: .list(Self.names))
    var kinds: [String]
    @OptionGroup var options: LocalnetOptions

    var output: OutputOptions { options.output }

    private static let names = NodeFault.allCases.map(\.rawValue) + ["none"]

    func validate() throws {
        for kind in kinds where !Self.names.contains(kind) {
            throw ValidationError("'\(kind)' is none of \(Self.names.joined(separator: ", ")).")
        }
    }

    func run(console: Console) throws {
        let localnet = options.localnet
        try localnet.setFaults(Set(kinds.compactMap(NodeFault.init)), of: number)
        if console.json { try console.show(try localnet.status()) }
    }
}
