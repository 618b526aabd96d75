import Foundation
import Primitives
import Sealing
import SystemPackage

/// The network that a command is to speak to: where it answers, and the genesis hash that says that it is the right one.
struct NetworkTarget: Sendable, Equatable {
    let name: String
    /// In order of preference; at least one.
    let endpoints: [String]
    let genesis: Bytes32

    /// Whether this is the local network, whose accounts are endowed for nothing.
    var isLocal: Bool { name == Self.local }

    static let local = "local"
}

extension Configuration {
    /// Finds the network that was named; nil if none was.
    ///
    /// - Throws: `NetworkError`.
    func network() throws -> NetworkTarget? {
        guard let name = self[.network]?.value else { return nil }
        return try network(named: name, genesis: self[.genesis]?.value)
    }

    /// The network that a command without a drive of its own is about: the one named, else the local one if it was started.
    func chosenNetwork() throws -> NetworkTarget {
        if let network = try network() { return network }
        guard FileManager.default.fileExists(atPath: paths.localNetworkFile.string) else {
            throw NetworkError.notChosen
        }
        return try network(named: NetworkTarget.local)
    }

    /// - Parameter name: `local`, a name from the configuration file, or a URL, which needs the genesis hash.
    func network(named name: String, genesis: String? = nil) throws -> NetworkTarget {
        if name == NetworkTarget.local {
            let address = try LocalNetworkAddress.read(at: paths.localNetworkFile)
            return try target(name, [address.rpc], genesis ?? address.genesis)
        }
        if let known = file.networks[name] { return try target(name, known.rpc, genesis ?? known.genesis) }
        try checkIsNetwork(name)
        guard let genesis else { throw NetworkError.genesisMissing(name) }
        return try target(Self.shortName(ofURL: name), name.split(separator: ",").map(String.init), genesis)
    }

    /// Whether a name can be a network's, whether or not it is there now.
    ///
    /// - Throws: `NetworkError.unknown`.
    func checkIsNetwork(_ name: String) throws(NetworkError) {
        guard name == NetworkTarget.local || file.networks[name] != nil || name.contains("://") else {
            throw .unknown(name, known: [NetworkTarget.local] + file.networks.keys.sorted())
        }
    }

    /// A network that was named by its URL is called by its host: a URL may be longer than a name may be, and hold a key.
    private static func shortName(ofURL url: String) -> String {
        let host = url.split(separator: ",").first.flatMap { URL(string: String($0))?.host() } ?? ""
        // No host passes for the network whose space is for nothing.
        guard host != NetworkTarget.local else { return host + "." }
        return String((host.isEmpty ? url : host).suffix(NetworkLabel.nameByteLimit))
    }

    private func target(_ name: String, _ endpoints: [String], _ genesis: String) throws -> NetworkTarget {
        guard let hash = Bytes32(hex: genesis) else { throw NetworkError.badGenesis(genesis) }
        return NetworkTarget(name: name, endpoints: endpoints, genesis: hash)
    }
}

/// What `cessdrive localnet start` leaves in the runtime directory for `--network local`.
struct LocalNetworkAddress: Codable, Equatable, Sendable {
    var rpc: String
    var genesis: String
    /// Where the network keeps its state.
    var directory: String

    static func read(at path: FilePath) throws -> LocalNetworkAddress {
        guard let data = FileManager.default.contents(atPath: path.string) else { throw NetworkError.noLocalNetwork }
        do {
            return try JSONDecoder().decode(LocalNetworkAddress.self, from: data)
        } catch {
            throw NetworkError.badAddress(path)
        }
    }
}

enum NetworkError: Reportable, Equatable, CustomStringConvertible {
    case unknown(String, known: [String])
    case genesisMissing(String)
    case badGenesis(String)
    case noLocalNetwork
    case badAddress(FilePath)
    case notChosen
    case otherNetwork(String, drive: String)

    var description: String {
        switch self {
        case .unknown(let name, _): "there is no network named '\(name)'"
        case .genesisMissing(let url): "the genesis hash of \(url) is not known"
        case .badGenesis(let text): "'\(text)' is not a genesis hash"
        case .noLocalNetwork: "no local network was started here"
        case .badAddress(let path): "\(path) is damaged"
        case .notChosen: "no network was named"
        case .otherNetwork(let name, let drive):
            "the drive lives on another network ('\(drive)') than '\(name)': their genesis hashes differ"
        }
    }

    var hint: String? {
        switch self {
        case .unknown(_, let known): "networks are \(known.joined(separator: ", ")), or a URL with --genesis"
        case .genesisMissing: "add --genesis HASH, so that no other network can pass for this one"
        case .badGenesis: "it has 64 hexadecimal digits"
        case .noLocalNetwork, .badAddress: "cessdrive localnet start"
        case .otherNetwork:
            "'cessdrive localnet start --dir DIRECTORY' brings back the network it was made on; one that was reset is gone"
        case .notChosen: "add --network local, or the name or URL of another one"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .unknown, .genesisMissing, .badGenesis, .notChosen, .otherNetwork: .usage
        case .noLocalNetwork, .badAddress: .temporary
        }
    }
}
