import MemoryTypes
import Testing

@testable import TestSupport

@Suite("TestSupport")
struct TestSupportTests {
  @Test("a failing history shrinks to the operations that matter")
  func shrinking() {
    let history = Array(0..<200)
    let shortest = shrink(history) { $0.contains(17) && $0.contains(120) }
    #expect(shortest == [17, 120])
  }

  @Test("a failing history is reported with its seed and its shortest form")
  func report() {
    withKnownIssue {
      checkHistories(count: 1, length: 50) { _ in
        1
      } run: { history in
        if history.count >= 3 { throw Difference("three is too many") }
      }
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      return text.contains("three is too many") && text.contains("OCTAVO_SEED=")
        && text.hasSuffix("  1\n  1\n  1")
    }
  }

  @Test("a history that traps is known by its signal in a process of its own")
  func trap() {
    let outcome = runInChild { preconditionFailure("on purpose") }
    guard case .trapped = outcome else {
      Issue.record("the trap ended as \(outcome)")
      return
    }
  }

  @Test("an arena counts what was not freed and notices what was freed twice")
  func arena() {
    let arena = Arena()
    let item = arena.make(Item(1))
    #expect(arena.liveCount == 1)
    arena.free(item)
    arena.expectNothingLive()
    withKnownIssue { arena.free(item) }
    _ = arena.make(Item(2))
    withKnownIssue { arena.expectNothingLive() }
  }

  @Test("a measure that changed is an issue")
  func unchanged() {
    var count = 1
    func measure() -> Int { count }
    expectUnchanged("count", measure) {
      count += 1
      count -= 1
    }
    withKnownIssue { expectUnchanged("count", measure) { count += 1 } }
  }
}
