public import MemoryTypes
public import Testing

/// Records an issue unless `measure` gives the same before and after `body`.
///
/// `expectUnchanged("free pages", { pages.pointee.freePageCount }) { … }` is a leak check.
public func expectUnchanged<Measure: Equatable, Failure>(
  _ what: String, _ measure: () -> Measure, sourceLocation: SourceLocation = #_sourceLocation,
  during body: () throws(Failure) -> Void
) throws(Failure) {
  let before = measure()
  try body()
  let after = measure()
  #expect(after == before, "\(what) changed", sourceLocation: sourceLocation)
}

/// Calls `body` with plans that fail the first call, the second, the third …, until one was not
/// used up.
///
/// `body` returns how many failures its plan caused (`plan.failureCount`), checks that all that
/// was taken on the way was given back, and must come to an end within `limit` calls.
public func forEachFault<Failure>(
  limit: UInt32 = 10_000, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (FaultPlan) throws(Failure) -> UInt
) throws(Failure) {
  for n in 1...limit {
    if try body(.failing(nth: n)) == 0 { return }
  }
  Issue.record("still failing at call \(limit)", sourceLocation: sourceLocation)
}
