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
    try machine.withSharedKmalloc { heap in
      inThreads(4) { thread in
        let history = unsafe ThreadHistory(
          thread: thread, limit: 100,
          take: { unsafe try? heap.pointee.kmalloc(ByteCount(UInt($0.next(below: 2000)) + 8)) },
          give: { unsafe heap.pointee.kfree($0) })
        history.run(20_000)
      }
    }
  }

  @Test(
    "objects of one cache that four threads on two nodes use are each one thread's",
    arguments: SlabDesign.allCases)
  func oneCache(design: SlabDesign) throws {
    let machine = try Laboratory(design, frames: 8192, processors: 4, nodes: 2)
    try machine.withSharedCache { cache in
      inThreads(4) { thread in
        let history = unsafe ThreadHistory(
          thread: thread, limit: 400, take: { _ in unsafe try? cache.pointee.allocate() },
          give: { unsafe cache.pointee.free($0) })
        history.run(20_000)
      }
    }
  }

  @Test(
    "objects that one processor allocates and another frees all come back",
    arguments: SlabDesign.allCases, [1, 2])
  func remoteFrees(design: SlabDesign, nodes: Int) throws {
    for isExclusive in [false, true] {
      let machine = try Laboratory(
        design, frames: 4096, processors: 2, nodes: nodes, isExclusive: isExclusive)
      try machine.withSharedKmalloc { heap in
        let queue = ObjectQueue()
        inThreads(2) { thread in
          Laboratory.enter(thread)
          for number in 0..<30_000 {
            if thread == 0 {
              guard let object = unsafe try? heap.pointee.kmalloc(ByteCount(100)) else { continue }
              unsafe object.storeBytes(of: number, as: Int.self)
              queue.push(UInt(bitPattern: object))
            } else if let address = queue.pop() {
              unsafe heap.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
            }
          }
        }
        queue.drain(into: heap)
      }
    }
  }

  @Test(
    "a cache can be shrunk while another processor uses it", arguments: SlabDesign.allCases,
    [false, true])
  func shrinking(design: SlabDesign, isExclusive: Bool) throws {
    let machine = try Laboratory(design, frames: 4096, processors: 2, isExclusive: isExclusive)
    try machine.withSharedKmalloc { heap in
      inThreads(2) { thread in
        Laboratory.enter(thread)
        for number in 0..<5000 {
          if thread == 1 {
            if number % 16 == 0 { heap.pointee.shrink() }
            continue
          }
          guard let one = unsafe try? heap.pointee.kmalloc(ByteCount(200)) else { continue }
          guard let two = unsafe try? heap.pointee.kmalloc(ByteCount(200)) else { continue }
          precondition(unsafe one != two, "one object was given twice")
          unsafe heap.pointee.kfree(one)
          unsafe heap.pointee.kfree(two)
        }
      }
    }
  }

  @Test(
    "what processors keep to themselves is found by whoever flushes it", arguments: [false, true],
    [0, 24])
  func flushing(isExclusive: Bool, spares: Int) throws {
    let machine = try Laboratory(frames: 4096, processors: 3, isExclusive: isExclusive)
    var options = HeapOptions()
    options.spareObjects = spares
    try SlabHeap.boot(options, on: machine.pages)
    try machine.withSharedKmalloc { heap in
      let queue = ObjectQueue()
      inThreads(3) { thread in
        Laboratory.enter(thread)
        thread == 2 ? flush(heap, queue) : fill(heap, queue, thread)
      }
      queue.drain(into: heap)
    }
  }

  private func flush(_ heap: Ref<KmallocCaches>, _ queue: ObjectQueue) {
    for number in 0..<6000 {
      if number % 8 == 0 { heap.pointee.shrink() }
      if let address = queue.pop() {
        unsafe heap.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
      }
    }
  }

  private func fill(_ heap: Ref<KmallocCaches>, _ queue: ObjectQueue, _ thread: Int) {
    var living: [UInt] = []
    for number in 0..<6000 {
      guard let one = unsafe try? heap.pointee.kmalloc(ByteCount(120)) else { continue }
      unsafe one.initializeMemory(as: UInt8.self, repeating: UInt8(thread), count: 120)
      living.append(UInt(bitPattern: one))
      guard living.count > 40 else { continue }
      let address = living.remove(at: number % living.count)
      let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
      let bytes = unsafe UnsafeRawBufferPointer(start: object, count: 120)
      precondition(unsafe bytes.allSatisfy { $0 == UInt8(thread) }, "two threads own one object")
      if number % 3 == 0 { queue.push(address) } else { unsafe heap.pointee.kfree(object) }
    }
    for address in living { queue.push(address) }
  }
}
