import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What the same requests cost under each design.
struct FootprintTests {
  @Test("blocks cut to measure take the least memory")
  func footprint() throws {
    try withSeed { generator in
      let seed = generator.next()
      let pages = try SlabDesign.allCases.map { try Self.pages($0, seed) }
      let simple = try Self.pages(.slob, seed)
      for (design, count) in zip(SlabDesign.allCases, pages) where design != .slob {
        #expect(simple < count, "\(design): \(count), slob: \(simple) pages")
      }
    }
  }

  /// The pages of the heap after a history of kmalloc and kfree that leaves much alive.
  private static func pages(_ design: SlabDesign, _ seed: UInt64) throws -> UInt {
    var generator = SeededGenerator(seed: seed)
    let machine = try DesignTests.machine(design)
    var heap = try KmallocCaches(pages: machine.pages)
    var living: [UInt] = []
    for _ in 0..<20_000 {
      if living.isEmpty || generator.next(below: 100) < 60 {
        // Mostly small ones, as kernels ask for.
        let limit = UInt32(1) << (3 + generator.next(below: 9))
        let size = ByteCount(UInt(generator.next(below: limit)) + 1)
        living.append(UInt(bitPattern: unsafe try heap.kmalloc(size)))
      } else {
        living.swapAt(generator.next(in: 0..<living.count), living.count - 1)
        unsafe heap.kfree(UnsafeMutableRawPointer(bitPattern: living.removeLast())!)
      }
    }
    let pages = SlabInfo.pageCount(of: machine.pages).rawValue
    for address in living { unsafe heap.kfree(UnsafeMutableRawPointer(bitPattern: address)!) }
    try heap.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
    return pages
  }
}
