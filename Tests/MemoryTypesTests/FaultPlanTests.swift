import MemoryTypes
import TestSupport
import Testing

@Suite("FaultPlan and SeededGenerator")
struct FaultPlanTests {
  private func failures(_ plan: FaultPlan, calls: Int) -> [Int] {
    var plan = plan
    return (1...calls).filter { _ in plan.shouldFail() }
  }

  @Test("the plan of none never fails")
  func none() {
    #expect(failures(.none, calls: 1000).isEmpty)
    #expect(failures(.failing(nth: 0), calls: 1000).isEmpty)
    #expect(failures(.failing(everyNth: 0), calls: 1000).isEmpty)
    #expect(failures(.failing(perMillion: 0, seed: 1), calls: 1000).isEmpty)
  }

  @Test("the n-th call fails once")
  func nth() {
    #expect(failures(.failing(nth: 1), calls: 50) == [1])
    #expect(failures(.failing(nth: 7), calls: 50) == [7])
  }

  @Test("every n-th call fails")
  func everyNth() {
    #expect(failures(.failing(everyNth: 1), calls: 3) == [1, 2, 3])
    #expect(failures(.failing(everyNth: 4), calls: 13) == [4, 8, 12])
  }

  @Test("a rate fails about that many calls, the same for the same seed")
  func rate() {
    let failed = failures(.failing(perMillion: 100_000, seed: 3), calls: 100_000)
    #expect((9_500...10_500).contains(failed.count))
    #expect(failed == failures(.failing(perMillion: 100_000, seed: 3), calls: 100_000))
    #expect(failed != failures(.failing(perMillion: 100_000, seed: 4), calls: 100_000))
    #expect(failures(.failing(perMillion: 1_000_000, seed: 3), calls: 100).count == 100)
  }

  @Test("a plan counts its failures")
  func count() {
    var plan = FaultPlan.failing(everyNth: 3)
    for _ in 0..<10 { _ = plan.shouldFail() }
    #expect(plan.failureCount == 3)
  }

  @Test("the sequence of a seed is that of SplitMix64")
  func reference() {
    var generator = SeededGenerator(seed: 1_234_567)
    let numbers = (0..<3).map { _ in generator.next() }
    #expect(
      numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test("bounded numbers stay below the bound and meet every value")
  func bounded() {
    withSeed { generator in
      for bound in [1, 2, 7, 64] as [UInt32] {
        let met = Set((0..<2000).map { _ in generator.next(below: bound) })
        #expect(met == Set(0..<bound))
      }
    }
  }

  @Test("faults are tried one after the other until none is left")
  func everyFault() {
    var tried = 0
    forEachFault { plan in
      var plan = plan
      tried += 1
      for _ in 0..<5 where plan.shouldFail() { break }
      return plan.failureCount
    }
    #expect(tried == 6)
  }
}
