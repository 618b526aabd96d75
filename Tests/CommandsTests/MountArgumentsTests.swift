import Foundation
import Testing

@testable import DriveCommands

@Suite struct MountArgumentsTests {
    @Test func `a line of fstab becomes the words of mount`() {
        let options = "rw,noauto,x-systemd.automount,_netdev,commit_interval=30s,allow_other,uid=1000,noatime,comment=a"
        #expect(
            FstabArguments.mountArguments(["work", "/mnt", "-n", "-o", options]) == [
                "mount", "--no-input", "--commit-interval", "30s", "--allow-other", "--uid", "1000", "-o", "noatime",
                "--drive", "work", "--", "/mnt",
            ])
        #expect(
            FstabArguments.mountArguments(["cessdrive", "/mnt", "-t", "cessdrive", "-o", "ro"]) == [
                "mount", "--no-input", "--read-only", "--", "/mnt",
            ])
        #expect(FstabArguments.mountArguments([]) == ["mount", "--no-input", "--"])
        #expect(FstabArguments.mountArguments(["a", "-/b", "-o"]) == ["mount", "--no-input", "--drive", "a", "--"])
    }

    @Test func `what a mount is asked and answers is read back`() throws {
        let path = Data([0x61, 0xFF, 0x2F])
        let change = MountReport.Change(path: path, byteCount: .max, isRemoved: false, stage: nil)
        guard case .change(let back)? = MountAnswer(try MountAnswer.change(change).bytes) else {
            Issue.record("it is something else")
            return
        }
        #expect(back.path == path && back.byteCount == .max && back.stage == nil)
        guard case .ending(let milliseconds)? = MountRequest(try MountRequest.ending(milliseconds: 1500).bytes) else {
            Issue.record("it is something else")
            return
        }
        #expect(milliseconds == 1500)
    }

    @Test(arguments: ["", "{}", "{\"status\":1}", "{\"flush\":{}}", "null", "[1]", "\u{0}", "{\"unknown\":{}}"])
    func `what no request is is none`(text: String) { #expect(MountRequest(Array(text.utf8)) == nil) }
}
