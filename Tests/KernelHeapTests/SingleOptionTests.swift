import KernelHeap
import MemoryTypes
import PhysicalMemory
import Testing

/// Each option of debugging without the others: it finds what it is for.
struct SingleOptionTests {
  private func findings(
    _ design: SlabDesign, _ flags: SlabFlags,
    _ plant: (HeapListener, borrowing SlabCache, UnsafeMutableRawPointer) throws -> Void
  ) throws -> (count: Int, text: String) {
    let listener = try HeapListener(design, flags)
    let cache = try SlabCache(
      name: "things", objectSize: ByteCount(64), pages: listener.machine.pages)
    unsafe try plant(listener, cache, try cache.allocate())
    return (cache.findingCount, listener.text)
  }

  @Test(
    "red zones find an overrun and an underrun",
    arguments: SlabDesign.with(.watching), [-1, 64])
  func redZones(design: SlabDesign, offset: Int) throws {
    let found = unsafe try findings(design, .redZoned) { _, cache, object in
      unsafe (object + offset).storeBytes(of: 1, as: UInt8.self)
      unsafe cache.free(object)
    }
    #expect(found.count > 0)
    let words = design == .slub ? "Redzone overwritten" : "memory outside object was overwritten"
    #expect(found.text.contains(words))
  }

  @Test("poison finds a store into a free object", arguments: SlabDesign.with(.watching))
  func poison(design: SlabDesign) throws {
    let found = unsafe try findings(design, .poisoned) { _, cache, object in
      unsafe cache.free(object)
      unsafe object.storeBytes(of: 7, toByteOffset: 20, as: UInt8.self)
      _ = unsafe try cache.allocate()
    }
    #expect(found.count >= 1)
    #expect(found.text.contains(design == .slub ? "Poison overwritten" : "Slab corruption"))
  }

  @Test(
    "consistency checks find an object that is freed twice, the middle of one, and another cache's",
    arguments: SlabDesign.with(.watching), ["Object already free", "Invalid object", "Wrong slab"])
  func checks(design: SlabDesign, what: String) throws {
    let found = unsafe try findings(design, .checked) { listener, cache, object in
      switch what {
      case "Object already free":
        unsafe cache.free(object)
        unsafe cache.free(object)
      case "Invalid object": unsafe cache.free(object + 8)
      default: try freeOther(cache, listener)
      }
    }
    #expect(found.count == 1)
    let words = [
      "Object already free": "double free detected", "Invalid object": "no object starts here",
    ]
    #expect(found.text.contains(design == .slub ? what : words[what] ?? what))
  }

  @Test("a free list that was written over is found by the checks alone")
  func list() throws {
    let found = unsafe try findings(.slub, .checked) { _, cache, object in
      unsafe cache.free(object)
      // The link stands in the middle of a free object that need not keep its bytes.
      unsafe object.storeBytes(of: 0x1234, toByteOffset: 32, as: UInt.self)
      _ = unsafe try cache.allocate()
    }
    #expect(found.count >= 1)
    #expect(found.text.contains("Freechain corrupt"))
  }

  @Test("users are told of the objects that remain", arguments: SlabDesign.with(.watching))
  func users(design: SlabDesign) throws {
    let found = unsafe try findings(design, .tracksUsers) { _, cache, object in
      #expect(throws: SlabCacheError.objectsRemain(1)) { try cache.destroy() }
    }
    #expect(found.text.contains(design == .slub ? "Allocated in 0xbeef" : "Last user: (0xbeef)"))
  }

  /// Frees an object of a cache made beside `cache` into it.
  private func freeOther(_ cache: borrowing SlabCache, _ listener: HeapListener) throws {
    let others = try SlabCache(
      SlabRequest(name: "others", objectSize: ByteCount(64), flags: .unmergeable),
      pages: listener.machine.pages)
    unsafe cache.free(try others.allocate())
  }
}
