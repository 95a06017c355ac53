import Foundation
import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Long random histories under every option of the heap.
struct LongHistoryTests {
  /// What a heap can be booted with.
  struct Setting: Sendable, CustomTestStringConvertible {
    enum Kind: String, CaseIterable, Sendable {
      case usual
      case randomised
      case hardened
      case watched
      case spare
      case withoutPerCPUPartialSlabs
    }

    let design: SlabDesign
    let kind: Kind

    /// Each design as it usually is, and with each option that means something to it.
    static var all: [Setting] {
      SlabDesign.allCases.flatMap { design in
        Kind.allCases.filter { means($0, design) }.map { Setting(design: design, kind: $0) }
      }
    }

    private static func means(_ kind: Kind, _ design: SlabDesign) -> Bool {
      switch kind {
      case .usual: true
      case .randomised: design.has(.randomOrder)
      case .hardened: design.has(.mangledLinks)
      case .watched: design.has(.watching)
      case .spare, .withoutPerCPUPartialSlabs: design == .slub
      }
    }

    var testDescription: String { "\(design), \(kind)" }

    var options: HeapOptions {
      var options = HeapOptions(design: design)
      switch kind {
      case .usual: break
      case .randomised: options.randomisesFreeLists = true
      case .hardened: options.hardensFreeLists = true
      case .spare: options.spareObjects = 40
      case .watched: options.debugging = .fullDebugging
      case .withoutPerCPUPartialSlabs: options.hasPerCPUPartialSlabs = false
      }
      return options
    }

    /// Ten million operations of each design, and two of each option, where a person asks for it.
    var steps: Int {
      let isLong = ProcessInfo.processInfo.environment["OCTAVO_LONG"] == "1"
      guard kind == .usual else { return isLong ? 2_000_000 : 8000 }
      return isLong ? 10_000_000 : 60_000
    }
  }

  @Test(
    "every object keeps its contents, no two overlap, and all frames come back",
    arguments: Setting.all)
  func histories(setting: Setting) throws {
    try withSeed { generator in
      let machine = try Laboratory(frames: 8192, processors: 3)
      try SlabHeap.boot(setting.options, on: machine.pages)
      var heap = try KmallocCaches(pages: machine.pages)
      var living: [(address: UInt, size: Int, mark: UInt8)] = []
      for step in 0..<setting.steps {
        if step % 4 == 0 { Laboratory.enter(Int(generator.next(below: 3))) }
        if generator.next(below: 100) < (living.count < 2000 ? 55 : 45) {
          let size = Int(generator.next(below: generator.chance(oneIn: 50) ? 20_000 : 600)) + 1
          guard let object = unsafe try? heap.kmalloc(ByteCount(UInt(size))) else { continue }
          let mark = UInt8(truncatingIfNeeded: step)
          unsafe object.initializeMemory(as: UInt8.self, repeating: mark, count: size)
          living.append((UInt(bitPattern: object), size, mark))
        } else if !living.isEmpty {
          living.swapAt(generator.next(in: 0..<living.count), living.count - 1)
          try free(living.removeLast(), heap)
        }
        if generator.chance(oneIn: 500) { heap.shrink() }
        if generator.chance(oneIn: UInt32(setting.steps / 20)) { heap.checkInvariants() }
      }
      for entry in living { try free(entry, heap) }
      heap.checkInvariants()
      try heap.destroy()
      SlabHeap.end(of: machine.pages)
      machine.pages.pointee.checkInvariants()
      try requireEqual(machine.freeCount.rawValue, machine.bootCount.rawValue, "free frames")
    }
    Laboratory.enter(0)
  }

  private func free(
    _ entry: (address: UInt, size: Int, mark: UInt8), _ heap: borrowing KmallocCaches
  ) throws {
    let object = unsafe UnsafeMutableRawPointer(bitPattern: entry.address)!
    let first = unsafe object.load(as: UInt8.self)
    let last = unsafe object.load(fromByteOffset: entry.size - 1, as: UInt8.self)
    try requireEqual(first, entry.mark, "the first byte")
    try requireEqual(last, entry.mark, "the last byte")
    unsafe heap.kfree(object)
  }
}
