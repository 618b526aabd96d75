import LocalNetwork
import SystemPackage

/// What `cessdrive localnet status` shows.
struct LocalnetStatus: Presentable {
    let record: LocalnetRecord
    let directory: FilePath
    let chainRuns: Bool
    /// What is wrong with the nodes on purpose, by number.
    let faults: [Int: Set<NodeFault>]
    /// The numbers of the nodes that run.
    let running: Set<Int>

    var text: String {
        var lines = [
            "chain      \(record.rpc ?? "") (\(chainRuns ? "running" : "stopped"))",
            "genesis    \(record.genesis ?? "")",
            "directory  \(directory)",
            "nodes      \(running.count) of \(record.nodes.count) running",
        ]
        for node in record.nodes {
            let number = String(repeating: " ", count: max(0, 3 - String(node.number).count)) + String(node.number)
            let state = running.contains(node.number) ? "running" : "stopped"
            let faults = names(of: node).isEmpty ? "" : "  " + names(of: node).joined(separator: " ")
            lines.append("\(number)  \(state)  \(node.url ?? "")  \(node.directory)\(faults)")
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            ("rpc", record.rpc.map(JSONText.string) ?? .null),
            ("genesis", record.genesis.map(JSONText.string) ?? .null),
            ("running", .bool(chainRuns)),
            ("directory", .string(directory.string)),
            (
                "nodes",
                .array(
                    record.nodes.map { node in
                        .object([
                            ("number", .integer(Int64(node.number))),
                            ("url", node.url.map(JSONText.string) ?? .null),
                            ("directory", .string(node.directory)),
                            ("running", .bool(running.contains(node.number))),
                            ("faults", .array(names(of: node).map(JSONText.string))),
                        ])
                    })
            ),
        ])
    }

    private func names(of node: NodeRecord) -> [String] { (faults[node.number] ?? []).map(\.rawValue).sorted() }
}
