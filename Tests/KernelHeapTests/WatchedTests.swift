import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What the debugging of a cache finds: every planted bug, with the object, the cache and the users.
struct WatchedTests {
  private func cache(_ listener: HeapListener, _ name: StaticString = "things") throws -> SlabCache
  {
    try SlabCache(name: name, objectSize: ByteCount(64), pages: listener.machine.pages)
  }

  /// What is said about an object, in the words of each design.
  private func check(
    _ listener: HeapListener, _ cache: borrowing SlabCache, says words: [SlabDesign: String],
    of object: UnsafeMutableRawPointer, by verbs: [String] = ["Allocated"]
  ) throws {
    let text = listener.text
    let what = try #require(words[listener.design])
    let address = String(UInt(bitPattern: object), radix: 16)
    if listener.design == .slub {
      #expect(text.contains("BUG things (Not tainted): \(what)\n"), "\(text)")
      #expect(text.contains("Object 0x" + address), "\(text)")
      for verb in verbs { #expect(text.contains("\(verb) in 0xbeef cpu=0"), "\(text)") }
    } else {
      #expect(text.contains(what) && text.contains("things"), "\(text)")
      #expect(text.contains(address), "\(text)")
      if !verbs.isEmpty { #expect(text.contains("Last user: (0xbeef)"), "\(text)") }
    }
    #expect(cache.findingCount > 0)
  }

  @Test(
    "what is used rightly is not reported, and nothing remains",
    arguments: SlabDesign.with(.watching))
  func innocent(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    var living: [UInt] = []
    for round in 0..<500 {
      let object = unsafe try cache.allocate()
      unsafe object.initializeMemory(as: UInt8.self, repeating: UInt8(round & 255), count: 64)
      living.append(UInt(bitPattern: object))
      if round % 3 == 2 {
        let address = living.remove(at: round % living.count)
        unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
      }
    }
    for address in living { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    cache.checkInvariants()
    try cache.destroy()
    SlabHeap.end(of: listener.machine.pages)
    #expect(listener.text.isEmpty)
    #expect(listener.machine.isAsAtBoot)
  }

  @Test("an overrun is found when the object is freed", arguments: SlabDesign.with(.watching))
  func overrun(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe object.storeBytes(of: 1, toByteOffset: 64, as: UInt8.self)
    unsafe cache.free(object)
    unsafe try check(
      listener, cache,
      says: [
        .slub: "Right Redzone overwritten",
        .slab: "slab error: cache `things': memory outside object was overwritten\n",
      ], of: object)
    if design == .slub {
      #expect(listener.text.contains("First byte 0x1 instead of 0xcc"))
      #expect(listener.text.contains("FIX things: Restoring Right Redzone"))
    } else {
      #expect(listener.text.contains("redzone 1:0xd84156c5635688c0, redzone 2:0xd84156c563568801"))
    }
  }

  @Test("an underrun is found when the object is freed", arguments: SlabDesign.with(.watching))
  func underrun(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe (object - 1).storeBytes(of: 1, as: UInt8.self)
    unsafe cache.free(object)
    unsafe try check(
      listener, cache,
      says: [
        .slub: "Left Redzone overwritten",
        .slab: "slab error: cache `things': memory outside object was overwritten\n",
      ], of: object)
  }

  @Test(
    "a store after the object was freed is found when it is allocated again",
    arguments: SlabDesign.with(.watching))
  func useAfterFree(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe cache.free(object)
    unsafe object.storeBytes(of: 7, toByteOffset: 20, as: UInt8.self)
    let other = unsafe try cache.allocate()
    // SLUB gives the whole slab up, SLAB mends the object.
    #expect(unsafe (other == object) == (design == .slab))
    unsafe try check(
      listener, cache,
      says: [.slub: "Poison overwritten", .slab: "Slab corruption: things start="], of: object,
      by: ["Allocated", "Freed"])
  }

  @Test("an object that is freed twice is found at once", arguments: SlabDesign.with(.watching))
  func doubleFree(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    let other = unsafe try cache.allocate()
    unsafe cache.free(object)
    unsafe cache.free(other)
    unsafe cache.free(object)
    unsafe try check(
      listener, cache,
      says: [
        .slub: "Object already free", .slab: "slab error: cache `things': double free detected\n",
      ], of: object, by: ["Allocated", "Freed"])
    #expect(cache.activeObjects == 0)
    cache.checkInvariants()
  }

  @Test(
    "pointers that are no object of the cache are found and left alone",
    arguments: SlabDesign.with(.watching))
  func foreign(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let others = try self.cache(listener, "others")
    let object = unsafe try cache.allocate()
    let other = unsafe try others.allocate()
    unsafe cache.free(object + 8)
    unsafe try check(
      listener, cache, says: [.slub: "Invalid object pointer", .slab: "no object starts here"],
      of: object + 8, by: [])
    unsafe cache.free(other)
    unsafe try check(
      listener, cache, says: [.slub: "Wrong slab cache", .slab: "Wrong slab cache"], of: other,
      by: [])
    let elsewhere = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
    defer { unsafe elsewhere.deallocate() }
    unsafe cache.free(elsewhere)
    unsafe try check(
      listener, cache,
      says: [.slub: "Attempt to free object outside of slab", .slab: "out of range ptr"],
      of: elsewhere, by: [])
    #expect(cache.activeObjects == 1)
    #expect(others.activeObjects == 1)
  }

  @Test(
    "a link that leads astray is found, and the list is cut there",
    arguments: SlabDesign.with(.watching))
  func corruptedList(design: SlabDesign) throws {
    let listener = try HeapListener(design)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    if design == .slub {
      unsafe cache.free(object)
      // Behind the object and its red zone.
      unsafe object.storeBytes(of: 0x1234, toByteOffset: 72, as: UInt.self)
    } else {
      // The first sixteen have come to the processor.
      for _ in 1..<16 { _ = unsafe try cache.allocate() }
      // The numbers of free objects stand at the end of the slab.
      let end = unsafe UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: object) | 4095)! + 1
      unsafe (end - 40).initializeMemory(as: UInt8.self, repeating: 0xFF, count: 40)
    }
    _ = unsafe try cache.allocate()
    if design == .slub {
      unsafe try check(
        listener, cache, says: [.slub: "Freechain corrupt"], of: object,
        by: ["Allocated", "Freed"])
    } else {
      let slab = unsafe UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: object) & ~4095)!
      unsafe try check(
        listener, cache, says: [.slab: "list of free objects was overwritten"], of: slab, by: [])
    }
    cache.checkInvariants()
  }

  @Test(
    "a cache that cannot go names the objects that live, with their users where they are kept",
    arguments: SlabDesign.with(.watching), [SlabFlags.fullDebugging, []])
  func remaining(design: SlabDesign, flags: SlabFlags) throws {
    let listener = try HeapListener(design, flags)
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    #expect(throws: SlabCacheError.objectsRemain(1)) { try cache.destroy() }
    let text = listener.text
    #expect(text.contains("BUG things (Not tainted): Objects remaining"))
    let name = String(UInt(bitPattern: object), radix: 16)
    let user = design == .slub ? "Allocated in 0xbeef cpu=0" : "Last user: (0xbeef)"
    #expect(text.contains("Object 0x\(name)\n"), "\(text)")
    #expect(text.contains("Object 0x\(name)\n\(user)") == !flags.isEmpty, "\(text)")
    var living: [UInt] = []
    unsafe cache.forEachObject { living.append(UInt(bitPattern: $0)) }
    #expect(living == [UInt(bitPattern: object)])
  }

  @Test(
    "each option alone works for all sizes",
    arguments: SlabDesign.with(.watching),
    [SlabFlags.redZoned, .poisoned, .tracksUsers, .checked])
  func single(design: SlabDesign, flags: SlabFlags) throws {
    for size in [1, 8, 24, 100, 700, 5000] as [UInt] {
      let listener = try HeapListener(design, flags)
      let cache = try SlabCache(
        name: "things", objectSize: ByteCount(size), pages: listener.machine.pages)
      let objects = try (0..<50).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
      for address in objects {
        let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        unsafe object.initializeMemory(as: UInt8.self, repeating: 0xFF, count: Int(size))
        unsafe cache.free(object)
      }
      cache.checkInvariants()
      try cache.destroy()
      SlabHeap.end(of: listener.machine.pages)
      #expect(listener.text.isEmpty)
      #expect(listener.machine.isAsAtBoot)
    }
  }
}
