internal import CKernels

/// What may look into this process.
public enum ProcessMemory {
    /// Forbids core dumps of this process, and that other processes of the same user trace it or read its memory.
    ///
    /// - Returns: whether the system agreed. It holds until the process executes another program.
    @discardableResult
    public static func forbidDumps() -> Bool { cessdrive_forbid_dumps() == 0 }
}
