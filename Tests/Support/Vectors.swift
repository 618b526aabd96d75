public import Foundation

/// The third-party test vectors under `Tests/Vectors`.
public enum Vectors {
    /// The decoded file, such as `cess/scale.json`.
    public static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(contentsOf: directory.appending(path: name)))
    }

    /// `Tests/Vectors`.
    public static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")
}
