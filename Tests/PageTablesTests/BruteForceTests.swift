import Foundation
import MemoryTypes
import PageTableModel
import TestSupport
import Testing

@Suite("Page tables against a dictionary of pages")
struct BruteForceTests {
  /// Steps of the long history of each geometry; ten million with OCTAVO_LONG=1, for release.
  private static var length: Int {
    ProcessInfo.processInfo.environment["OCTAVO_LONG"] == "1" ? 10_000_000 : 200_000
  }

  @Test("short histories keep the invariants at every step", arguments: TableGeometry.all)
  func shortHistories(_ geometry: TableGeometry) {
    checkHistories(count: 4, length: 200) { random in
      TableStep.draw(geometry, &random)
    } run: { steps in
      let trial = try TableTrial(geometry, frames: 96)
      for step in steps {
        try trial.run(step)
        try trial.check()
      }
      try trial.finish()
    }
  }

  @Test("a long history ends with equal pages and no frame lost", arguments: TableGeometry.all)
  func longHistory(_ geometry: TableGeometry) throws {
    try withSeed { random in
      let trial = try TableTrial(geometry)
      for index in 0..<Self.length {
        try trial.run(TableStep.draw(geometry, &random))
        if index % 20_000 == 0 { try trial.check() }
      }
      try trial.finish()
      #expect(trial.refusals > 0, "the fault plans were met")
    }
  }
}
