// swift-tools-version: 6.2
import PackageDescription

/// Set by the Makefile: warnings are errors there, but not while working.
let strict = Context.environment["CESSDRIVE_STRICT"] != nil

/// What every Swift target is compiled with (Docs/Conventions.md, "Layout").
let common: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// A Swift target. Those that do little but call C opt out of strict memory safety: every line there would say `unsafe`.
func target(
    _ name: String, _ dependencies: [Target.Dependency] = [], callsC: Bool = false
) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: callsC ? common : common + [.strictMemorySafety()])
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: common)
}

func library(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package)
}

let logging = library("Logging", "swift-log")
let system = library("SystemPackage", "swift-system")

let package = Package(
    name: "cessdrive",
    products: [
        .executable(name: "cessdrive", targets: ["cessdrive"]),
        .library(name: "Drive", targets: ["Drive"]),
    ],
    dependencies: [
        // The command line: parsing, help, completions.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // Structured logs, set up once in DriveCommands.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // Paths as bytes, errno as a type.
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        // The chain's and the storage node's HTTP and WebSocket server; the only one measured that has sendfile.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // SQLite with statements cached and typed.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        // The configuration file.
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        // The integration tests run whole programs.
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // C libraries, each used by exactly one module.
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CKernels"),

        // What both columns stand on.
        target("Primitives", ["CSodium", "CCrypto", "CSecp256k1", "CXXHash", "CKernels"], callsC: true),
        target("SCALE", ["Primitives"]),
        target("LocalSockets", ["Primitives", system]),
        target("Compression", ["CZstd"], callsC: true),
        target("HTTPClient", ["CCurl"], callsC: true),
        target(
            "HTTPServer",
            [
                library("NIOCore", "swift-nio"), library("NIOPosix", "swift-nio"), library("NIOHTTP1", "swift-nio"),
                library("NIOWebSocket", "swift-nio"), logging,
            ]),
        target("Database", [library("GRDB", "GRDB.swift")]),

        // The network.
        target("Substrate", ["SCALE", "Primitives", "HTTPClient", logging]),
        target("CESS", ["Substrate", "SCALE", "Primitives", "HTTPClient", logging]),
        target(
            "LocalNetwork",
            [
                "CLinux", "CESS", "Substrate", "SCALE", "Primitives", "HTTPClient", "HTTPServer", "Database", logging,
                system,
            ]),

        // The drive.
        target("ErasureCoding", ["CISAL", "Primitives"], callsC: true),
        target("Chunking", ["Primitives"]),
        target("Sealing", ["LocalSockets", "Primitives", "SCALE", system]),
        target("DriveFormat", ["Sealing", "Compression", "SCALE", "Primitives"]),
        target("LocalCache", ["CLinux", "SCALE", "Primitives"]),
        target(
            "BlobStore",
            [
                "CLinux", "DriveFormat", "Sealing", "ErasureCoding", "Compression", "CESS", "Substrate", "SCALE",
                "Primitives", "HTTPClient", "Database", logging, system,
            ]),
        target(
            "Drive",
            [
                "BlobStore", "CLinux", "DriveFormat", "Chunking", "Sealing", "CESS", "Substrate", "SCALE", "Primitives",
                "Database", logging, system,
            ]),
        target("FUSE", ["CFuse", system], callsC: true),
        target(
            "DriveMount",
            [
                "CLinux", "Drive", "BlobStore", "DriveFormat", "FUSE", "LocalCache", "Primitives", "SCALE", "Sealing",
                logging, system,
            ]),
        target(
            "DriveCommands",
            [
                "Drive", "DriveMount", "FUSE", "LocalCache", "LocalSockets", "BlobStore", "CLinux", "DriveFormat",
                "Sealing", "LocalNetwork", "CESS", "Substrate", "Primitives", "HTTPClient", "HTTPServer",
                library("ArgumentParser", "swift-argument-parser"),
                library("TOMLKit", "TOMLKit"), logging, system,
            ]),
        .executableTarget(name: "cessdrive", dependencies: ["DriveCommands"], swiftSettings: common),

        // The tests; TestSupport is what they share.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: common),
        test(
            "DriveTests",
            [
                "Drive", "BlobStore", "ErasureCoding", "Chunking", "Compression", "DriveFormat", "Sealing", "CESS",
                "Substrate", "LocalSockets", "SCALE", "Primitives", "HTTPClient", "Database", "TestSupport", system,
            ]),
        .testTarget(
            name: "IntegrationTests", dependencies: [library("Subprocess", "swift-subprocess"), system],
            path: "Tests/Integration", exclude: ["Sessions", "Tools", "changes", "mount-kills", "mount-model"],
            swiftSettings: common),
        test("DatabaseTests", ["Database"]),
        test(
            "DriveMountTests",
            [
                "DriveMount", "DriveFormat", "FUSE", "LocalCache", "Primitives", "SCALE", "Sealing", "TestSupport",
                system,
            ]),
        test("LocalCacheTests", ["LocalCache", "Primitives", "TestSupport"]),
        test(
            "CommandsTests",
            [
                "DriveCommands", "Drive", "BlobStore", "DriveFormat", "CESS", "Primitives", "Sealing", "Substrate",
                "TestSupport", library("ArgumentParser", "swift-argument-parser"), system,
            ]),
        test("HTTPServerTests", ["HTTPServer"]),
        test("PrimitivesTests", ["Primitives", "SCALE", "TestSupport"]),
        test("HTTPClientTests", ["HTTPClient", "TestSupport"]),
        test(
            "LocalNetworkTests",
            [
                "LocalNetwork", "CESS", "Substrate", "HTTPServer", "HTTPClient", "SCALE", "Primitives", "TestSupport",
                logging,
            ]),
        test("CESSTests", ["CESS", "Substrate", "HTTPClient", "SCALE", "Primitives", "TestSupport"]),
        test("SubstrateTests", ["Substrate", "HTTPClient", "SCALE", "Primitives", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
