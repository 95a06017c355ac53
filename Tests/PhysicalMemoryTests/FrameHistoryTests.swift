import Foundation
import MemoryTypes
import TestSupport
import Testing

struct FrameHistoryTests {
  /// Steps of all histories together; ten million with OCTAVO_LONG=1.
  static var steps: Int {
    ProcessInfo.processInfo.environment["OCTAVO_LONG"] == nil ? 40_000 : 10_000_000
  }

  /// A new machine after so many steps.
  static let stepsPerHistory = 10_000

  @Test("after any history each frame has one owner, and all come back in the blocks of boot")
  func agrees() throws {
    try withSeed { random in
      var served = 0
      var refused = 0
      for _ in 0..<(Self.steps / Self.stepsPerHistory) {
        let history = try FrameHistory(
          SeededGenerator(seed: random.next()), interval: Self.stepsPerHistory / 100)
        for _ in 0..<Self.stepsPerHistory { try history.run() }
        try history.end()
        served += history.served
        refused += history.refused
      }
      // Both memory in plenty and none at all were met.
      #expect(served > Self.steps / 10)
      #expect(refused > Self.steps / 1000)
    }
  }
}
