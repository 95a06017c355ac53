import Machine
import MemoryTypes
import PageTableModel
import TestSupport
import Testing

@Suite("Page tables against a dictionary of pages")
struct BruteForceTests {
  /// Steps of the long history, fewer where tables are larger. The benchmark `table-history` does
  /// ten million per geometry, in release.
  private static func length(_ geometry: TableGeometry) -> Int {
    geometry.format.pageSize == .size4K ? 12_000 : 2_500
  }

  @Test("short histories keep the invariants", arguments: TableGeometry.all)
  func shortHistories(_ geometry: TableGeometry) {
    checkHistories(count: 2, length: 120) { random in
      TableStep.draw(geometry, &random)
    } run: { steps in
      let trial = try TableTrial(geometry, frames: 24)
      for (index, step) in steps.enumerated() {
        try trial.run(step)
        if index % 30 == 0 { try trial.check() }
      }
      try trial.finish()
    }
  }

  @Test("a long history ends with equal pages and no frame lost", arguments: TableGeometry.all)
  func longHistory(_ geometry: TableGeometry) throws {
    try withSeed { random in
      let trial = try TableTrial(geometry)
      for index in 0..<Self.length(geometry) {
        try trial.run(TableStep.draw(geometry, &random))
        if index % 3_000 == 0 { try trial.check() }
      }
      try trial.finish()
      #expect(trial.refusals > 0, "the fault plans were met")
    }
  }
}
