import DriveCommands

@main
struct Main {
    static func main() async { await CommandLineProgram.main() }
}
