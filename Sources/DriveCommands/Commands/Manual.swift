import ArgumentParser
import Foundation
import SystemPackage

/// `cessdrive manual`: writes the manual pages (`make docs`).
struct Manual: ConsoleCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the manual pages, one a command, into a directory.", shouldDisplay: false)

    @Argument(help: "Where to write them.", completion: .directory) var directory: FilePath
    @OptionGroup var output: OutputOptions

    func validate() throws { try directory.checkIsText("The directory") }

    func run(console: Console) throws {
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        for page in try Self.pages() {
            let path = directory.appending(page.name + ".1").string
            try page.roff.write(toFile: path, atomically: true, encoding: .utf8)
            console.note(path)
        }
    }

    static func pages() throws -> [ManualPage] {
        let tool = try JSONDecoder().decode(CommandDescription.Tool.self, from: Data(Cessdrive._dumpHelp().utf8))
        return tool.command.pages(version: Cessdrive.version)
    }
}
