import Foundation
import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// A slab cache against the C library's allocator, for objects of one size.
  static var slab: Benchmark {
    Benchmark(
      name: "slab", question: "allocate and free objects of 200 bytes in random order",
      target: "below 1"
    ) { pairs in
      let workload = Workload(slots: 20_000, steps: 2_000_000)
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(64 << 20)))
      let cache = try Cache(pages: machine.pages)
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "SlabCache") { try allocate(workload, from: cache) },
        against: Contender(name: "malloc") { allocateFromLibrary(workload) })
      return .ratio(
        runs, rival: "malloc", units: Double(workload.steps.count), of: .operations)
    }
  }

  /// Closures cannot hold a noncopyable value by themselves.
  private final class Cache {
    let slots: SlabCache

    init(pages: Ref<PageAllocator>) throws(AllocationError) {
      slots = try SlabCache(name: "benchmark", objectSize: ByteCount(200), pages: pages)
    }
  }

  private static func allocate(
    _ workload: Workload, from cache: Cache
  ) throws(AllocationError) {
    var live = unsafe [UnsafeMutableRawPointer?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let object = unsafe live[step.slot] {
        unsafe cache.slots.free(object)
        unsafe live[step.slot] = nil
      } else {
        unsafe live[step.slot] = try cache.slots.allocate()
      }
    }
    for slot in unsafe live.indices {
      if let object = unsafe live[slot] { unsafe cache.slots.free(object) }
    }
  }

  private static func allocateFromLibrary(_ workload: Workload) {
    var live = unsafe [UnsafeMutableRawPointer?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let object = unsafe live[step.slot] {
        unsafe free(object)
        unsafe live[step.slot] = nil
      } else {
        unsafe live[step.slot] = malloc(200)
      }
    }
    for slot in unsafe live.indices {
      if let object = unsafe live[slot] { unsafe free(object) }
    }
  }
}
