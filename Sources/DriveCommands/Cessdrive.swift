import ArgumentParser

/// `cessdrive`: the root of all commands.
struct Cessdrive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cessdrive",
        abstract: "A private network drive on the CESS storage network.",
        discussion: """
            Examples:
              cessdrive localnet start
              cessdrive init --network local --passphrase-file ~/.passphrase
              cessdrive put -r ~/Documents /documents
              cessdrive ls -l /documents
              cessdrive get -r /documents /tmp/back
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(name: "Making a drive", subcommands: [InitCommand.self, RecoverCommand.self]),
            CommandGroup(
                name: "Files",
                subcommands: [
                    PutCommand.self, GetCommand.self, CatCommand.self, ListCommand.self, TreeCommand.self,
                    FindCommand.self, UsageCommand.self, StatCommand.self, MakeDirectoryCommand.self,
                    CopyCommand.self, MoveCommand.self, RemoveCommand.self,
                ]),
            CommandGroup(name: "The drive as a folder", subcommands: [MountCommand.self, UnmountCommand.self]),
            CommandGroup(
                name: "The drive",
                subcommands: [
                    StatusCommand.self, CheckCommand.self, FlushCommand.self, LogCommand.self, SpaceCommand.self,
                    TerritoryCommand.self,
                ]),
            CommandGroup(
                name: "Keys and network",
                subcommands: [KeyCommand.self, ConfigCommand.self, NodesCommand.self, Doctor.self]),
            CommandGroup(
                name: "The local network", subcommands: [LocalnetCommand.self, ChainCommand.self, NodeCommand.self]),
            CommandGroup(name: "The program itself", subcommands: [Completions.self, Manual.self]),
        ])

    static let version = "0.1.0"
}
