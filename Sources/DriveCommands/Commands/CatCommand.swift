import ArgumentParser
import Drive
import DriveFormat
import SystemPackage

/// `cessdrive cat`: prints files.
struct CatCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print files, or parts of them.",
        discussion: """
            A part is fetched by itself, however large the file is. With --ranges a script reads from anywhere in a file as often as
            it likes: each line that it writes to this command, an offset and a count, is answered with those bytes.

            Examples:
              cessdrive cat /notes.txt
              cessdrive cat --offset 1M --count 4K /backups/disk.img | hexdump -C
              cessdrive cat --offset -100 /logs/today
              printf '0 512\\n1048576 512\\n' | cessdrive cat --ranges /backups/disk.img
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Begin at this byte, counted from 0, or, if it is negative, at so many before the end.",
            valueName: "bytes"))
    var offset: FileOffset?
    @Option(help: ArgumentHelp("Print no more than so many bytes.", valueName: "bytes")) var count: FileOffset?
    @Flag(help: "Read lines of an offset and a count from standard input, and print each part of the file at once.")
    var ranges = false
    @Argument(help: "Files of the drive.") var paths: [PathArgument]
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if let count, count.value < 0 { throw ValidationError("--count is not negative.") }
        if ranges, offset != nil || count != nil {
            throw ValidationError("--ranges has offsets and counts of its own.")
        }
        if ranges, paths.count != 1 { throw ValidationError("--ranges are of one file.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let sources = try paths.map { try DrivePath($0) }
        let snapshot = try await reading.snapshot(of: open.drive)
        if ranges { return try await answer(of: snapshot.file(at: sources[0]), snapshot, console) }
        guard offset != nil || count != nil else { return try await snapshot.write(sources, to: console) }
        for source in sources {
            let file = try await snapshot.file(at: source)
            try await write(range(of: file), of: file, snapshot, console)
        }
    }

    private func range(of file: Entry) -> Range<UInt64> {
        let offset = offset?.value ?? 0
        let start = offset < 0 ? file.size - min(file.size, offset.magnitude) : UInt64(offset)
        guard let count else { return min(start, file.size)..<file.size }
        let (end, isBeyond) = start.addingReportingOverflow(UInt64(count.value))
        return start..<(isBeyond ? .max : end)
    }

    private func write(
        _ range: Range<UInt64>, of file: Entry, _ snapshot: Snapshot, _ console: Console
    ) async throws {
        try await snapshot.read(file, range: range) { bytes in try await onThread { try console.write(bytes) } }
    }

    private func answer(of file: Entry, _ snapshot: Snapshot, _ console: Console) async throws {
        while true {
            let bytes = try await onThread(untilCancelled: {
                try FileDescriptor.standardInput.readLine(limit: 64, unless: $0)
            })
            guard !bytes.isEmpty else { return }
            let line = String(decoding: bytes, as: UTF8.self)
            let numbers = line.split(separator: " ").map { UInt64($0) }
            guard numbers.count == 2, let start = numbers[0], let count = numbers[1] else {
                throw ValidationError("'\(line)' is not an offset and a count.")
            }
            let (end, isBeyond) = start.addingReportingOverflow(count)
            try await write(start..<(isBeyond ? .max : end), of: file, snapshot, console)
        }
    }
}

/// A number of bytes, as `Quantities` reads them, with a sign perhaps.
struct FileOffset: ExpressibleByArgument {
    let value: Int64

    init?(argument: String) {
        // Exactly, where there is no unit.
        if let bytes = Int64(argument) {
            value = bytes
            return
        }
        let isNegative = argument.hasPrefix("-")
        guard let bytes = Quantities.bytes(isNegative ? String(argument.dropFirst()) : argument) else { return nil }
        value = isNegative ? -Int64(bytes) : Int64(bytes)
    }
}
