internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread on which libcurl's multi handle runs, and the exchanges that wait for it.
final class TransferLoop: @unchecked Sendable {  // the inbox is locked, the rest is the thread's own
    private struct Inbox {
        var submitted: [Transfer] = []
        var cancelled: [Transfer] = []
        var isStopping = false
    }

    private let limit: Int
    private let limitPerHost: Int
    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer

    private var waiting: [Transfer] = []
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    private var runningPerHost: [String: Int] = [:]
    private var idle: [UnsafeMutableRawPointer] = []

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(limit: Int, limitPerHost: Int) {
        guard Self.isReady, let multi = curl_multi_init() else { fatalError("libcurl cannot start") }
        self.multi = multi
        self.limit = limit
        self.limitPerHost = limitPerHost
        cessdrive_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limit)
    }

    deinit {
        for easy in idle { curl_easy_cleanup(easy) }
        curl_multi_cleanup(multi)
    }

    /// The thread owns a reference to the loop until `stop`.
    func start() {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard code == 0 else { fatalError("no more threads") }
        pthread_detach(thread)
    }

    func submit(_ transfer: Transfer) {
        inbox.withLock { $0.submitted.append(transfer) }
        curl_multi_wakeup(multi)
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        inbox.withLock { $0.cancelled.append(transfer) }
        curl_multi_wakeup(multi)
    }

    func stop() {
        inbox.withLock { $0.isStopping = true }
        curl_multi_wakeup(multi)
    }

    // MARK: On the thread

    private func run() {
        while readInbox() {
            expireWaiting()
            startWaiting()
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            if collectFinished() { continue }  // their connections may serve who waits
            curl_multi_poll(multi, nil, 0, pollMilliseconds, nil)
        }
        for (easy, transfer) in running { end(transfer, on: easy, .failure(.cancelled)) }
        for transfer in waiting { transfer.finish(.failure(.cancelled)) }
    }

    /// Returns false when it is time to end.
    private func readInbox() -> Bool {
        let news = inbox.withLock { inbox in
            defer { inbox = Inbox(isStopping: inbox.isStopping) }
            return inbox
        }
        for transfer in news.submitted {
            // A cancellation may have come before the submission.
            if transfer.isCancelled.load(ordering: .acquiring) {
                transfer.finish(.failure(.cancelled))
            } else {
                waiting.append(transfer)
            }
        }
        for transfer in news.cancelled {
            if let easy = running.first(where: { $0.value === transfer })?.key {
                end(transfer, on: easy, .failure(.cancelled))
            } else if let index = waiting.firstIndex(where: { $0 === transfer }) {
                waiting.remove(at: index)
                transfer.finish(.failure(.cancelled))
            }  // else it is over, or its submission is still to come
        }
        return !news.isStopping
    }

    private func expireWaiting() {
        guard !waiting.isEmpty else { return }
        let now = ContinuousClock.now
        waiting.removeAll { transfer in
            guard transfer.deadline <= now else { return false }
            transfer.finish(.failure(.timedOut))
            return true
        }
    }

    private func startWaiting() {
        var index = 0
        while index < waiting.count, running.count < limit {
            let transfer = waiting[index]
            guard runningPerHost[transfer.host, default: 0] < limitPerHost else {
                index += 1
                continue
            }
            waiting.remove(at: index)
            guard let easy = idle.popLast() ?? curl_easy_init() else { fatalError("out of memory") }
            transfer.configure(easy)
            running[easy] = transfer
            runningPerHost[transfer.host, default: 0] += 1
            curl_multi_add_handle(multi, easy)
        }
    }

    /// Returns whether anything had finished.
    private func collectFinished() -> Bool {
        var any = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = running[easy]
            else { continue }
            any = true
            end(transfer, on: easy, transfer.result(of: easy, message.pointee.data.result))
        }
        return any
    }

    private func end(_ transfer: Transfer, on easy: UnsafeMutableRawPointer, _ result: Result<HTTPResponse, HTTPError>)
    {
        curl_multi_remove_handle(multi, easy)  // closes a connection in the middle of an exchange
        running[easy] = nil
        if let count = runningPerHost[transfer.host] { runningPerHost[transfer.host] = count > 1 ? count - 1 : nil }
        curl_easy_reset(easy)
        idle.append(easy)
        transfer.finish(result)
    }

    private var pollMilliseconds: Int32 {
        let soonest = waiting.map(\.deadline).min()
        guard let soonest else { return 60_000 }  // curl itself wakes up earlier for its own timers
        let left = max(0, min((soonest - .now) / .milliseconds(1), 60_000))
        return Int32(left.rounded(.up))
    }
}
