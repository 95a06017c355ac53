import Foundation
import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("The MMU against a plain reading of the manuals")
struct MMUHistoryTests {
  /// Steps of each geometry; ten million with OCTAVO_LONG=1.
  static var steps: Int {
    ProcessInfo.processInfo.environment["OCTAVO_LONG"] == nil ? 60_000 : 10_000_000
  }

  /// A new set of processors after so many steps.
  static let stepsPerHistory = 5_000

  @Test(
    "after any history every processor translates, refuses and marks as the manuals say",
    arguments: MMUGeometry.all)
  func agrees(_ geometry: MMUGeometry) throws {
    try withSeed { random in
      var accesses = 0
      for _ in 0..<(Self.steps / Self.stepsPerHistory) {
        let history = MMUHistory(geometry, SeededGenerator(seed: random.next()))
        for _ in 0..<Self.stepsPerHistory { try history.step() }
        try history.checkStale()
        accesses += history.accesses
      }
      #expect(accesses > Self.steps / 2)
    }
  }

  @Test("a forgotten invalidation is noticed", arguments: MMUGeometry.all)
  func notices(_ geometry: MMUGeometry) {
    withSeed { random in
      let history = MMUHistory(geometry, SeededGenerator(seed: random.next()), forgetsOneIn: 4)
      #expect(throws: Difference.self) {
        for _ in 0..<(20 * Self.stepsPerHistory) { try history.step() }
      }
      #expect(history.forgotten > 0)
    }
  }
}

extension MMUGeometry: CustomTestStringConvertible {
  var testDescription: String { name }
}
