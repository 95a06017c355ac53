import Foundation
public import MemoryTypes
public import Testing

/// How the thing under test differed from its model.
public struct Difference: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}

/// Throws a `Difference` unless both are equal. `what` says what was compared.
public func requireEqual<Value: Equatable>(
  _ actual: Value, _ model: Value, _ what: @autoclosure () -> String
) throws(Difference) {
  guard actual != model else { return }
  throw Difference("\(what()): \(actual), but the model has \(model)")
}

/// Runs random histories of operations and shrinks the first that fails.
///
/// `generate` draws one operation. `run` builds the thing under test and its model anew, does all
/// operations on both and throws a `Difference` where they part; it must do something sensible
/// with any subsequence of a history (skip what makes no sense), or shrinking would mislead.
///
/// A failure is recorded with the seed and the shortest history found. An invariant that traps
/// ends the process; run again with the seed that was printed, and each history runs in a process
/// of its own, so that trapping ones are shrunk too.
public func checkHistories<Operation>(
  count: Int = 20, length: Int = 300, sourceLocation: SourceLocation = #_sourceLocation,
  generate: (inout SeededGenerator) -> Operation, run: ([Operation]) throws -> Void
) {
  func attempt(_ history: [Operation]) -> String? {
    requestedSeed == nil ? failure(history, run) : failureInChild(history, run)
  }
  let seed = requestedSeed ?? UInt64.random(in: 0...0xFFFF_FFFF)
  announce(seed, sourceLocation)
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<count {
    let history = (0..<length).map { _ in generate(&generator) }
    guard let first = attempt(history) else { continue }
    let shortest = shrink(history) { attempt($0) != nil }
    let steps = shortest.map { "  \($0)" }.joined(separator: "\n")
    Issue.record(
      """
      \(attempt(shortest) ?? first)
      again with OCTAVO_SEED=\(seed); shortest history of \(history.count) operations:
      \(steps)
      """, sourceLocation: sourceLocation)
    return
  }
}

/// The shortest failing history that removing runs of operations leads to.
///
/// Runs of half the history are tried first, then of a quarter … then single operations, until
/// none can go. At most O(n²) attempts.
func shrink<Operation>(
  _ history: [Operation], stillFails: ([Operation]) -> Bool
) -> [Operation] {
  var shortest = history
  var run = max(1, history.count / 2)
  while true {
    var start = 0
    var removedAny = false
    while start < shortest.count {
      var candidate = shortest
      candidate.removeSubrange(start..<min(start + run, shortest.count))
      if stillFails(candidate) {
        shortest = candidate
        removedAny = true
      } else {
        start += run
      }
    }
    if run == 1 && !removedAny { return shortest }
    run = max(1, run / 2)
  }
}

private func failure<Operation>(
  _ history: [Operation], _ run: ([Operation]) throws -> Void
) -> String? {
  do {
    try run(history)
    return nil
  } catch {
    return "\(error)"
  }
}

private func failureInChild<Operation>(
  _ history: [Operation], _ run: ([Operation]) throws -> Void
) -> String? {
  switch runInChild({ failure(history, run) == nil }) {
  case .succeeded: nil
  case .failed: failure(history, run) ?? "failed in a process of its own only"
  case .trapped(let signal): "trapped with signal \(signal)"
  }
}
