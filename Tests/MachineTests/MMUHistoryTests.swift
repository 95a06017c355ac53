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

  /// Shrunk from a long history: near a kernel place means up to three tables of leaves away, which
  /// on i386 are entries of the root.
  @Test(
    "a global page that one address space maps near a kernel place is true in all of them",
    arguments: MMUGeometry.all)
  func sharesKernel(_ geometry: MMUGeometry) throws {
    let history = MMUHistory(geometry, SeededGenerator(seed: 1))
    let leaf = geometry.format.leafDescriptor(PageFrameNumber(5), [.read, .global], at: .pte)
    for place in geometry.kernelPlaces {
      for table in 0..<MMUHistory.nearbyTables {
        let address = VirtualAddress(place + table << geometry.format.shift(of: .pmd))
        history.set(address, .pte, leaf, true, in: 0)
        for space in [0, 1] {
          history.switchSpace(of: 0, to: space)
          try history.checkStale()
          try history.check(.read, of: address, .kernel, on: 0)
        }
      }
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
