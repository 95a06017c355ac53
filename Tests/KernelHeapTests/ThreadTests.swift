import Foundation
import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Real threads on one heap.
struct ThreadTests {
  @Test(
    "threads that allocate and free objects of all sizes leave nothing behind",
    arguments: SlabDesign.allCases, [false, true])
  func stress(design: SlabDesign, isExclusive: Bool) throws {
    let machine = try Laboratory(design, frames: 8192, processors: 4, isExclusive: isExclusive)
    let heap = UnsafeMutablePointer<KmallocCaches>.allocate(capacity: 1)
    unsafe heap.initialize(to: try KmallocCaches(pages: machine.pages))
    let shared = unsafe Ref(heap)
    inThreads(4) { thread in
      Laboratory.enter(thread)
      var generator = SeededGenerator(seed: UInt64(thread))
      var living: [UInt] = []
      for _ in 0..<20_000 {
        if living.count < 100, generator.next(below: 2) == 0 {
          let size = UInt(generator.next(below: 2000)) + 8
          guard let object = unsafe try? shared.pointee.kmalloc(ByteCount(size)) else { continue }
          unsafe object.storeBytes(of: UInt(thread), as: UInt.self)
          living.append(UInt(bitPattern: object))
        } else if let address = living.popLast() {
          let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
          precondition(
            unsafe object.load(as: UInt.self) == UInt(thread), "two threads own one object")
          unsafe shared.pointee.kfree(object)
        }
      }
      for address in living {
        unsafe shared.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
      }
    }
    shared.pointee.checkInvariants()
    try shared.pointee.destroy()
    #expect(machine.isAsAtBoot)
    unsafe heap.deinitialize(count: 1)
    unsafe heap.deallocate()
  }

  @Test(
    "objects that one processor allocates and another frees all come back",
    arguments: SlabDesign.allCases, [false, true])
  func remoteFrees(design: SlabDesign, isExclusive: Bool) throws {
    let machine = try Laboratory(design, frames: 4096, processors: 2, isExclusive: isExclusive)
    let heap = UnsafeMutablePointer<KmallocCaches>.allocate(capacity: 1)
    unsafe heap.initialize(to: try KmallocCaches(pages: machine.pages))
    let shared = unsafe Ref(heap)
    let queue = ObjectQueue()
    inThreads(2) { thread in
      Laboratory.enter(thread)
      for number in 0..<30_000 {
        if thread == 0 {
          guard let object = unsafe try? shared.pointee.kmalloc(ByteCount(100)) else { continue }
          unsafe object.storeBytes(of: number, as: Int.self)
          queue.push(UInt(bitPattern: object))
        } else if let address = queue.pop() {
          unsafe shared.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
        }
      }
    }
    while let address = queue.pop() {
      unsafe shared.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
    }
    shared.pointee.checkInvariants()
    try shared.pointee.destroy()
    #expect(machine.isAsAtBoot)
    unsafe heap.deinitialize(count: 1)
    unsafe heap.deallocate()
  }

  @Test(
    "a cache can be shrunk while another processor uses it", arguments: SlabDesign.allCases,
    [false, true])
  func shrinking(design: SlabDesign, isExclusive: Bool) throws {
    let machine = try Laboratory(design, frames: 4096, processors: 2, isExclusive: isExclusive)
    let heap = UnsafeMutablePointer<KmallocCaches>.allocate(capacity: 1)
    unsafe heap.initialize(to: try KmallocCaches(pages: machine.pages))
    let shared = unsafe Ref(heap)
    inThreads(2) { thread in
      Laboratory.enter(thread)
      for number in 0..<5000 {
        if thread == 1 {
          if number % 16 == 0 { shared.pointee.shrink() }
          continue
        }
        guard let one = unsafe try? shared.pointee.kmalloc(ByteCount(200)) else { continue }
        guard let two = unsafe try? shared.pointee.kmalloc(ByteCount(200)) else { continue }
        precondition(unsafe one != two, "one object was given twice")
        unsafe shared.pointee.kfree(one)
        unsafe shared.pointee.kfree(two)
      }
    }
    shared.pointee.checkInvariants()
    try shared.pointee.destroy()
    #expect(machine.isAsAtBoot)
    unsafe heap.deinitialize(count: 1)
    unsafe heap.deallocate()
  }

  @Test(
    "what processors keep to themselves is found by whoever flushes it", arguments: [false, true],
    [0, 24])
  func flushing(isExclusive: Bool, spares: Int) throws {
    let machine = try Laboratory(frames: 4096, processors: 3, isExclusive: isExclusive)
    var options = HeapOptions()
    options.spareObjects = spares
    try SlabHeap.boot(options, on: machine.pages)
    let heap = UnsafeMutablePointer<KmallocCaches>.allocate(capacity: 1)
    unsafe heap.initialize(to: try KmallocCaches(pages: machine.pages))
    let shared = unsafe Ref(heap)
    let queue = ObjectQueue()
    inThreads(3) { thread in
      Laboratory.enter(thread)
      var living: [UInt] = []
      for number in 0..<6000 {
        if thread == 2 {
          if number % 8 == 0 { shared.pointee.shrink() }
          if let address = queue.pop() {
            unsafe shared.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
          }
          continue
        }
        guard let one = unsafe try? shared.pointee.kmalloc(ByteCount(120)) else { continue }
        unsafe one.initializeMemory(as: UInt8.self, repeating: UInt8(thread), count: 120)
        living.append(UInt(bitPattern: one))
        guard living.count > 40 else { continue }
        let address = living.remove(at: number % living.count)
        let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        let bytes = unsafe UnsafeRawBufferPointer(start: object, count: 120)
        precondition(unsafe bytes.allSatisfy { $0 == UInt8(thread) }, "two threads own one object")
        if number % 3 == 0 { queue.push(address) } else { unsafe shared.pointee.kfree(object) }
      }
      for address in living { queue.push(address) }
    }
    while let address = queue.pop() {
      unsafe shared.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
    }
    shared.pointee.checkInvariants()
    try shared.pointee.destroy()
    #expect(machine.isAsAtBoot)
    unsafe heap.deinitialize(count: 1)
    unsafe heap.deallocate()
  }
}

/// What one thread hands to another, under a lock that the thread sanitizer knows.
private final class ObjectQueue: @unchecked Sendable {
  private let lock = NSLock()
  private var addresses: [UInt] = []

  func push(_ address: UInt) { lock.withLock { addresses.append(address) } }

  func pop() -> UInt? { lock.withLock { addresses.popLast() } }
}
