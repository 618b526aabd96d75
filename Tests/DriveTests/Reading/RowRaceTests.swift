import CESS
import Primitives
import Substrate
import TestSupport
import Testing

@testable import BlobStore

@Suite struct RowRaceTests {
    private let others = [5, 1, 7, 3, 2, 4, 6, 8, 9, 10, 11]

    @Test func `a healthy row is asked alone`() {
        var race = RowRace(wanted: 0, others: others, asksRowFirst: true)
        #expect(race.start() == [0])
        race.answered(0)
        #expect(race.winner == .row)
    }

    @Test func `a failed row is replaced by the four best others`() {
        var race = RowRace(wanted: 0, others: others, asksRowFirst: true)
        _ = race.start()
        #expect(race.failed(0) == [5, 1, 7, 3])
        #expect(race.failed(1) == [2])
        for row in [5, 7, 3] { race.answered(row) }
        #expect(race.winner == nil)
        race.answered(2)
        #expect(race.winner == .others([5, 7, 3, 2]))
    }

    @Test func `whoever is first wins after a hedge`() {
        var race = RowRace(wanted: 0, others: others, asksRowFirst: true)
        _ = race.start()
        #expect(race.hedge() == [5, 1, 7, 3])
        #expect(race.hedge() == [2])
        race.answered(5)
        race.answered(0)
        #expect(race.winner == .row)
    }

    @Test func `a row that is not worth asking is asked last`() {
        var race = RowRace(wanted: 0, others: others, asksRowFirst: false)
        #expect(race.start() == [5, 1, 7, 3])
        var asked: Set<Int> = []
        for row in others { asked.formUnion(race.failed(row)) }
        #expect(asked.contains(0))
        #expect(!race.isLost)
        _ = race.failed(0)
        #expect(race.isLost)
    }

    @Test func `rows that are known already are not asked for`() {
        var race = RowRace(wanted: 0, others: others, known: [1, 2, 3, 4], asksRowFirst: true)
        #expect(race.winner == .others([1, 2, 3, 4]))
        #expect(race.canAskMore)
        race = RowRace(wanted: 0, others: others, known: [1, 2], asksRowFirst: false)
        #expect(race.start() == [5, 7])
    }

    @Test func `choices of rows are different, and avoid the suspects while they can`() {
        var choices = RowChoices(ranked: [5, 1, 7, 3, 2, 4, 6, 8, 9, 10, 11, 0], avoided: [5])
        #expect(choices.next() == [1, 7, 3, 2])
        #expect(choices.next() == [4, 6, 8, 9])
        var seen: Set<Set<Int>> = []
        for _ in 0..<30 {
            guard let choice = choices.next() else { break }
            #expect(Set(choice).count == 4)
            #expect(!choice.contains(5))
            #expect(seen.insert(Set(choice)).inserted)
        }
        for row in [1, 7, 3, 2, 4, 6, 8, 9] { choices.remove(row) }
        #expect(choices.next().map(Set.init) == [5, 10, 11, 0])
        #expect(choices.next() == nil)
    }

    @Test func `a node that fails rests, a little longer each time`() {
        let time = Shared(ContinuousClock.now)
        let health = NodeHealth { time.withLock { $0 } }
        let node = AccountID(SHA256.hash([1]))
        health.began(node)
        health.failed(node)
        #expect(!health.isUsable(node))
        time.withLock { $0 += .milliseconds(501) }
        #expect(health.isUsable(node))
        health.began(node)
        health.failed(node)
        time.withLock { $0 += .milliseconds(501) }
        #expect(!health.isUsable(node))
        time.withLock { $0 += .milliseconds(501) }
        #expect(health.isUsable(node))
        health.lied(node)
        #expect(!health.isUsable(node))
        #expect(health.liars == [node])
    }

    @Test func `patience follows the node's own times`() {
        let health = NodeHealth()
        let (quick, slow) = (AccountID(SHA256.hash([1])), AccountID(SHA256.hash([2])))
        for _ in 0..<40 {
            for (node, time) in [(quick, 10), (slow, 400)] {
                health.began(node)
                health.succeeded(node, byteCount: 16_384, in: .milliseconds(time))
            }
        }
        let options = ReadOptions()
        #expect(health.patience(quick, byteCount: 16_384, options: options) == options.leastHedge)
        let patience = health.patience(slow, byteCount: 16_384, options: options)
        #expect(Duration.milliseconds(350)...(.milliseconds(900)) ~= patience)
        #expect(health.cost(quick, byteCount: 16_384) < health.cost(slow, byteCount: 16_384))
    }
}
