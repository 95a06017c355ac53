import CRivals
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// The page allocator against a buddy allocator in C that does the same: lock, list, split and
  /// merge, a descriptor of 64 bytes per frame, and a check of what is freed.
  static var buddy: Benchmark {
    Benchmark(
      name: "buddy", question: "allocate and free blocks of order 0 to 4 in random order",
      target: "about 1"
    ) { pairs in
      let workload = Workload(slots: 8192, steps: 2_000_000, largestOrder: 4)
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(256 << 20)))
      var rival = unsafe rival_buddy()
      guard unsafe rival_buddy_init(&rival, 65536) else { return .skipped(because: "no memory") }
      defer { unsafe rival_buddy_destroy(&rival) }
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "Swift") { try allocate(workload, from: machine.pages) },
        against: Contender(name: "C") { unsafe allocate(workload, from: &rival) })
      return .ratio(runs, rival: "C", units: Double(workload.steps.count), of: .operations)
    }
  }

  private static func allocate(
    _ workload: Workload, from pages: Ref<PageAllocator>
  ) throws(AllocationError) {
    var live = [(page: Ref<Page>, order: Order)?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let block = live[step.slot] {
        pages.pointee.freePages(block.page, order: block.order)
        live[step.slot] = nil
      } else {
        let order = Order(step.order)
        live[step.slot] = (try pages.pointee.allocatePages(order: order, flags: .kernel), order)
      }
    }
    for case let block? in live { pages.pointee.freePages(block.page, order: block.order) }
  }

  private static func allocate(
    _ workload: Workload, from buddy: UnsafeMutablePointer<rival_buddy>
  ) {
    var live = [(frame: UInt32, order: UInt32)?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let block = live[step.slot] {
        unsafe rival_buddy_free(buddy, block.frame, block.order)
        live[step.slot] = nil
      } else {
        let order = UInt32(step.order)
        live[step.slot] = (unsafe rival_buddy_allocate(buddy, order), order)
      }
    }
    for case let block? in live { unsafe rival_buddy_free(buddy, block.frame, block.order) }
  }
}
