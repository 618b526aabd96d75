internal import CLinux
internal import DriveFormat
internal import Glibc
internal import SystemPackage

/// The extended attributes that a file was found to have, and those that it has and that could not be read.
struct LocalAttributes: Sendable {
    var attributes: [Attribute] = []
    /// Without a name where not even the names could be read.
    var unreadable: [(name: [UInt8]?, error: Errno)] = []
}

/// Extended attributes, POSIX ACLs among them: all namespaces that the system shows to whoever asks.
extension LocalFile {
    static let accessList = Array("system.posix_acl_access".utf8)
    static let defaultAccessList = Array("system.posix_acl_default".utf8)

    /// Of this open file or directory.
    func attributes() -> LocalAttributes {
        unsafe Self.attributes(
            list: { unsafe flistxattr(descriptor, $0, $1) }, value: { unsafe fgetxattr(descriptor, $0, $1, $2) })
    }

    /// Whether this open file or directory has attributes, or whether that cannot be told.
    var mayHaveAttributes: Bool { flistxattr(descriptor, nil, 0) != 0 }

    /// Of a name in this directory, not of what a link there leads to.
    func attributes(of name: [UInt8]) -> LocalAttributes {
        let path = pathThroughDescriptor(name)
        return unsafe Self.attributes(
            list: { buffer, count in unsafe Self.withCString(path) { unsafe llistxattr($0, buffer, count) } },
            value: { attribute, buffer, count in
                unsafe Self.withCString(path) { unsafe lgetxattr($0, attribute, buffer, count) }
            })
    }

    /// Gives a name in this directory an attribute.
    func set(_ attribute: Attribute, of name: [UInt8]) throws(Errno) {
        let path = pathThroughDescriptor(name)
        let result = unsafe Self.withCString(path) { path in
            unsafe Self.withCString(attribute.name) { key in
                unsafe attribute.value.withUnsafeBytes { unsafe lsetxattr(path, key, $0.baseAddress, $0.count, 0) }
            }
        }
        guard result != 0 else { return }
        let error = Errno(rawValue: errno)
        // A label that the system gave it by itself, and lets nobody set.
        let has = unsafe Self.value(of: attribute.name) { key, buffer, count in
            unsafe Self.withCString(path) { unsafe lgetxattr($0, key, buffer, count) }
        }
        if case .success(attribute.value) = has { return }
        throw error
    }

    /// Takes an attribute from a name in this directory, if it has it.
    func removeAttribute(_ attribute: [UInt8], of name: [UInt8]) throws(Errno) {
        let path = pathThroughDescriptor(name)
        let result = unsafe Self.withCString(path) { path in
            unsafe Self.withCString(attribute) { unsafe lremovexattr(path, $0) }
        }
        guard result != 0, errno != ENODATA, errno != ENOTSUP else { return }
        throw Errno(rawValue: errno)
    }

    /// There are no calls relative to a directory for attributes (before Linux 6.13), and what its path leads to may have
    /// changed since it was opened: the kernel's own link leads to the open directory itself.
    private func pathThroughDescriptor(_ name: [UInt8]) -> [UInt8] { Array("/proc/self/fd/\(descriptor)/".utf8) + name }

    private static func attributes(
        list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        value: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) -> LocalAttributes {
        var found = LocalAttributes()
        switch unsafe names(list) {
        case .failure(let error): found.unreadable = [(nil, error)]
        case .success(let names):
            for name in names {
                switch unsafe Self.value(of: name, value) {
                case .success(let value?): found.attributes.append(Attribute(name: name, value: value))
                case .success(nil): continue
                case .failure(let error): found.unreadable.append((name, error))
                }
            }
        }
        return found
    }

    private static func names(_ list: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> Result<[[UInt8]], Errno> {
        // Nearly always none, or one or two; the kernel has at most 64 KiB of them.
        for capacity in [512, 65_536] {
            var length = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                length = unsafe buffer.withMemoryRebound(to: CChar.self) { unsafe list($0.baseAddress, capacity) }
                initialized = max(0, length)
            }
            if length >= 0 { return .success(bytes.split(separator: 0).map(Array.init)) }
            // A file system without attributes has none.
            if errno == ENOTSUP { return .success([]) }
            guard errno == ERANGE else { break }
        }
        return .failure(Errno(rawValue: errno))
    }

    /// nil for one that has gone since it was listed.
    private static func value(
        of name: [UInt8], _ get: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) -> Result<[UInt8]?, Errno> {
        for capacity in [512, Attribute.valueByteLimit] {
            var length = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                length = unsafe withCString(name) { unsafe get($0, buffer.baseAddress, capacity) }
                initialized = max(0, length)
            }
            if length >= 0 { return .success(bytes) }
            if errno == ENODATA { return .success(nil) }
            guard errno == ERANGE else { break }
        }
        return .failure(Errno(rawValue: errno))
    }
}
