import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Real threads on one heap.
struct ThreadTests {
  @Test("threads that allocate and free objects of all sizes leave nothing behind")
  func stress() throws {
    let machine = try Laboratory(frames: 8192)
    let heap = UnsafeMutablePointer<KmallocCaches>.allocate(capacity: 1)
    unsafe heap.initialize(to: try KmallocCaches(pages: machine.pages))
    let shared = unsafe Ref(heap)
    inThreads(4) { thread in
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
}
