import Foundation
import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Long random histories under every option of the heap.
struct LongHistoryTests {
  /// What a heap can be booted with.
  enum Setting: String, CaseIterable, Sendable {
    case usual
    case randomised
    case hardened
    case watched
    case spare
    case withoutPerCPUPartialSlabs

    var options: HeapOptions {
      var options = HeapOptions()
      switch self {
      case .usual: break
      case .randomised: options.randomisesFreeLists = true
      case .hardened: options.hardensFreeLists = true
      case .spare: options.spareObjects = 40
      case .watched: options.debugging = .fullDebugging
      case .withoutPerCPUPartialSlabs: options.hasPerCPUPartialSlabs = false
      }
      return options
    }

    /// Ten million operations in all where a person asks for it.
    var steps: Int {
      let isLong = ProcessInfo.processInfo.environment["OCTAVO_LONG"] == "1"
      return isLong ? 2_000_000 : 8000
    }
  }

  @Test(
    "every object keeps its contents, no two overlap, and all frames come back",
    arguments: Setting.allCases)
  func histories(setting: Setting) throws {
    try withSeed { generator in
      let machine = try Laboratory(frames: 8192, processors: 3)
      try SlabHeap.boot(setting.options, on: machine.pages)
      var heap = try KmallocCaches(pages: machine.pages)
      var living: [(address: UInt, size: Int, mark: UInt8)] = []
      for step in 0..<setting.steps {
        Laboratory.enter(Int(generator.next(below: 3)))
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
