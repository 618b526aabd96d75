import Foundation
import Testing

@testable import FUSE

@Suite struct PendingSignalsTests {
    private func status(_ pending: String, _ shared: String, _ blocked: String) -> Data {
        let signals = "SigPnd:\t\(pending)\nShdPnd:\t\(shared)\nSigBlk:\t\(blocked)\nSigIgn:\t2\n"
        return Data(("Name:\tcat\nSigQ:\t0/96365\n" + signals).utf8)
    }

    @Test(arguments: [("100", "0"), ("0", "2"), ("0", "4000"), ("4", "0"), ("0", "1"), ("0", "6002")])
    func `a signal that ends programs ends the wait, whoever of a process gets it`(pending: String, shared: String) {
        #expect(PendingSignals(status: status(pending, shared, "0")).end)
    }

    @Test(arguments: [("0", "0"), ("2000", "0"), ("0", "10000"), ("8000000", "8000000"), ("ffffffffffffb000", "0")])
    func `a timer, a child, a window's size or a profiler does not`(pending: String, shared: String) {
        #expect(!PendingSignals(status: status(pending, shared, "0")).end)
    }

    @Test func `what is blocked has not come yet`() {
        #expect(!PendingSignals(status: status("4002", "0", "4002")).end)
        #expect(PendingSignals(status: status("4002", "0", "2")).end)
    }

    @Test func `anything else says nothing`() {
        for text in ["", "SigPnd:", "SigPnd:\tx\n", "SigPnd: 2 2\n", "SigPnd:\t10000000000000002\n", "\0\n\n\n"] {
            #expect(!PendingSignals(status: Data(text.utf8)).end)
        }
        #expect(!PendingSignals(status: Data([0xff, 0xfe, 0x0a])).end)
    }

    @Test func `this process is not to end`() {
        #expect(!Caller(user: 0, group: 0, process: getpid(), umask: 0).isToEnd)
        #expect(Caller(user: 0, group: 0, process: 0, umask: 0).isToEnd)
    }
}
