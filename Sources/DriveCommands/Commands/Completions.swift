import ArgumentParser

/// `cessdrive completions`: prints a shell's completion script.
struct Completions: ConsoleCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the completion script of a shell.",
        discussion: """
            Example:
              cessdrive completions bash >~/.local/share/bash-completion/completions/cessdrive
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell
    @OptionGroup var output: OutputOptions

    func run(console: Console) throws {
        guard let shell = CompletionShell(rawValue: shell.rawValue) else { throw ExitCode.validationFailure }
        try console.write(Cessdrive.completionScript(for: shell))
    }
}
