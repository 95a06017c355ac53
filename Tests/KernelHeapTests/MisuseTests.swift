import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// The mistakes that trap.
struct MisuseTests {
  @Test("freeing an object twice traps", arguments: SlabDesign.allCases)
  func doubleFree(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let object = unsafe try cache.allocate()
      unsafe cache.free(object)
      unsafe cache.free(object)
    }
  }

  @Test("freeing an object of another cache traps", arguments: SlabDesign.with(.ownSlabs))
  func otherCache(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let other = try SlabCache(name: "others", objectSize: ByteCount(96), pages: machine.pages)
      unsafe cache.free(try other.allocate())
    }
  }

  @Test("freeing the middle of an object traps", arguments: SlabDesign.with(.namedObjects))
  func middle(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      unsafe cache.free(try cache.allocate() + 8)
    }
  }

  @Test("kfree of a pointer from elsewhere traps", arguments: SlabDesign.allCases)
  func foreign(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let heap = try KmallocCaches(pages: machine.pages)
      let elsewhere = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
      unsafe heap.kfree(elsewhere)
    }
  }

  @Test("kfree of a frame that kmalloc did not give traps", arguments: SlabDesign.allCases)
  func bareFrame(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let heap = try KmallocCaches(pages: machine.pages)
      let page = try machine.pages.pointee.allocatePage(flags: .kernel)
      unsafe heap.kfree(machine.pages.pointee.pointer(to: page))
    }
  }

  @Test("invariants notice a free list that was written over", arguments: SlabDesign.allCases)
  func corruption(design: SlabDesign) async {
    await #expect(processExitsWith: .failure) { [raw = design.rawValue as UInt8] in
      let design = try #require(SlabDesign(rawValue: raw))
      let machine = try Laboratory(design)
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      // The queued design keeps its list in the object that it would hand out last.
      let objects = try (0..<64).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
      for address in objects.dropFirst() {
        unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
      }
      cache.shrink()
      for address in objects.dropFirst() {
        let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        unsafe object.initializeMemory(as: UInt8.self, repeating: 0x41, count: 64)
      }
      cache.checkInvariants()
    }
  }
}
