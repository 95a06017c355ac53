import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What the debugging of a cache finds: every planted bug, with the object, the cache and the users.
struct WatchedTests {
  /// A heap that is watched, and what it says.
  @safe
  private final class Listener {
    let machine: Laboratory
    private let collected: UnsafeMutablePointer<[UInt8]>

    init(_ flags: SlabFlags = .fullDebugging) throws {
      machine = try Laboratory()
      unsafe collected = .allocate(capacity: 1)
      unsafe collected.initialize(to: [])
      var options = HeapOptions()
      options.debugging = flags
      options.reports = unsafe HeapReports(context: collected, user: { _ in 0xBEEF }) {
        context, byte in
        unsafe context!.assumingMemoryBound(to: [UInt8].self).pointee.append(byte)
      }
      try SlabHeap.boot(options, on: machine.pages)
    }

    deinit {
      unsafe collected.deinitialize(count: 1)
      unsafe collected.deallocate()
    }

    var text: String { unsafe String(decoding: collected.pointee, as: UTF8.self) }
  }

  private func cache(_ listener: Listener, _ name: StaticString = "things") throws -> SlabCache {
    try SlabCache(name: name, objectSize: ByteCount(64), pages: listener.machine.pages)
  }

  private func check(
    _ listener: Listener, _ cache: borrowing SlabCache, says what: String,
    of object: UnsafeMutableRawPointer, by verbs: [String] = ["Allocated"]
  ) {
    let text = listener.text
    #expect(text.contains("BUG things (Not tainted): \(what)\n"), "\(text)")
    #expect(text.contains("Object 0x" + String(UInt(bitPattern: object), radix: 16)), "\(text)")
    for verb in verbs { #expect(text.contains("\(verb) in 0xbeef cpu=0"), "\(text)") }
    #expect(cache.findingCount > 0)
  }

  @Test("what is used rightly is not reported, and nothing remains")
  func innocent() throws {
    let listener = try Listener()
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

  @Test("an overrun is found when the object is freed")
  func overrun() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe object.storeBytes(of: 1, toByteOffset: 64, as: UInt8.self)
    unsafe cache.free(object)
    unsafe check(listener, cache, says: "Right Redzone overwritten", of: object)
    #expect(listener.text.contains("First byte 0x1 instead of 0xcc"))
    #expect(listener.text.contains("FIX things: Restoring Right Redzone"))
  }

  @Test("an underrun is found when the object is freed")
  func underrun() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe (object - 1).storeBytes(of: 1, as: UInt8.self)
    unsafe cache.free(object)
    unsafe check(listener, cache, says: "Left Redzone overwritten", of: object)
  }

  @Test("a store after the object was freed is found when it is allocated again")
  func useAfterFree() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe cache.free(object)
    unsafe object.storeBytes(of: 7, toByteOffset: 20, as: UInt8.self)
    let other = unsafe try cache.allocate()
    #expect(unsafe other != object)
    unsafe check(
      listener, cache, says: "Poison overwritten", of: object, by: ["Allocated", "Freed"])
  }

  @Test("an object that is freed twice is found at once")
  func doubleFree() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    let other = unsafe try cache.allocate()
    unsafe cache.free(object)
    unsafe cache.free(other)
    unsafe cache.free(object)
    unsafe check(
      listener, cache, says: "Object already free", of: object, by: ["Allocated", "Freed"])
    #expect(cache.activeObjects == 0)
    cache.checkInvariants()
  }

  @Test("pointers that are no object of the cache are found and left alone")
  func foreign() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let others = try self.cache(listener, "others")
    let object = unsafe try cache.allocate()
    let other = unsafe try others.allocate()
    unsafe cache.free(object + 8)
    unsafe check(listener, cache, says: "Invalid object pointer", of: object + 8, by: [])
    unsafe cache.free(other)
    unsafe check(listener, cache, says: "Wrong slab cache", of: other, by: [])
    let elsewhere = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
    defer { unsafe elsewhere.deallocate() }
    unsafe cache.free(elsewhere)
    unsafe check(
      listener, cache, says: "Attempt to free object outside of slab", of: elsewhere, by: [])
    #expect(cache.activeObjects == 1)
    #expect(others.activeObjects == 1)
  }

  @Test("a link that leads astray is found, and the list is cut there")
  func corruptedList() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    unsafe cache.free(object)
    // Behind the object and its red zone.
    unsafe object.storeBytes(of: 0x1234, toByteOffset: 72, as: UInt.self)
    _ = unsafe try cache.allocate()
    unsafe check(
      listener, cache, says: "Freechain corrupt", of: object, by: ["Allocated", "Freed"])
    cache.checkInvariants()
  }

  @Test("a cache that cannot go names the objects that live, with their users")
  func remaining() throws {
    let listener = try Listener()
    let cache = try cache(listener)
    let object = unsafe try cache.allocate()
    #expect(throws: SlabCacheError.objectsRemain(1)) { try cache.destroy() }
    let text = listener.text
    #expect(text.contains("BUG things (Not tainted): Objects remaining"))
    let name = String(UInt(bitPattern: object), radix: 16)
    #expect(text.contains("Object 0x\(name)\nAllocated in 0xbeef cpu=0"), "\(text)")
    var living: [UInt] = []
    unsafe cache.forEachObject { living.append(UInt(bitPattern: $0)) }
    #expect(living == [UInt(bitPattern: object)])
  }

  @Test(
    "each option alone works for all sizes",
    arguments: [SlabFlags.redZoned, .poisoned, .tracksUsers, .checked])
  func single(flags: SlabFlags) throws {
    for size in [1, 8, 24, 100, 700, 5000] as [UInt] {
      let listener = try Listener(flags)
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
