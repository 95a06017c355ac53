import CRivals
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// The free lists of a zone against the same in C: lists by order and type, split and merge, a
  /// descriptor of 64 bytes per frame, a watermark, and a check of what is freed.
  static var buddy: Benchmark {
    Benchmark(
      name: "buddy",
      question: "allocate and free blocks of all orders in random order, no per-CPU lists",
      target: "at most 1.2"
    ) { pairs in
      let workload = Workload(slots: 4096, steps: 2_000_000, largestOrder: 10)
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(1 << 30))) {
        $0.hasPerCPULists = false
      }
      return try unsafe compare(workload, machine, pairs) { zone, step in
        unsafe rival_zone_allocate(zone, UInt32(step.order), 0)
      } free: { zone, page, step in
        unsafe rival_zone_free(zone, page, UInt32(step))
      }
    }
  }

  /// One processor's lists against the same in C.
  static var perCPU: Benchmark {
    Benchmark(
      name: "per-cpu", question: "allocate and free single frames through a processor's lists",
      target: "at most 1.5"
    ) { pairs in
      let workload = Workload(slots: 512, steps: 4_000_000)
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(1 << 30)))
      return try unsafe compare(workload, machine, pairs) { zone, _ in
        unsafe rival_cpu_allocate(zone, 0)
      } free: { zone, page, _ in
        unsafe rival_cpu_free(zone, page)
      }
    }
  }

  private typealias RivalZone = UnsafeMutablePointer<rival_zone>
  private typealias RivalPage = UnsafeMutablePointer<rival_page>

  private static func compare(
    _ workload: Workload, _ machine: BenchmarkMachine, _ pairs: Int,
    allocate: @escaping (RivalZone, Workload.Step) -> RivalPage?,
    free: @escaping (RivalZone, RivalPage, UInt8) -> Void
  ) throws -> Outcome {
    let rival = RivalZone.allocate(capacity: 1)
    unsafe rival.initialize(to: rival_zone())
    defer { unsafe rival.deallocate() }
    guard unsafe rival_zone_init(rival, 1 << 18) else { return .skipped(because: "no memory") }
    defer { unsafe rival_zone_destroy(rival) }
    let runs = try PairedRuns.measure(
      pairs: pairs, Contender(name: "Swift") { try run(workload, machine.pages) },
      against: Contender(name: "C") {
        unsafe run(workload, rival, allocate: allocate, free: free)
      })
    return .ratio(runs, rival: "C", units: Double(workload.steps.count), of: .operations)
  }

  private static func run(
    _ workload: Workload, _ pages: Ref<PageAllocator>
  ) throws(AllocationError) {
    var live = [(page: Ref<Page>, order: UInt8)?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let block = live[step.slot] {
        pages.pointee.freePages(block.page, order: Order(block.order))
        live[step.slot] = nil
      } else {
        let page = try? pages.pointee.allocatePages(order: Order(step.order), flags: .kernel)
        live[step.slot] = page.map { ($0, step.order) }
      }
    }
    for case let block? in live { pages.pointee.freePages(block.page, order: Order(block.order)) }
  }

  private static func run(
    _ workload: Workload, _ zone: RivalZone,
    allocate: (RivalZone, Workload.Step) -> RivalPage?, free: (RivalZone, RivalPage, UInt8) -> Void
  ) {
    var live = unsafe [(page: RivalPage, order: UInt8)?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let block = unsafe live[step.slot] {
        unsafe free(zone, block.page, block.order)
        unsafe live[step.slot] = nil
      } else {
        let page = unsafe allocate(zone, step)
        unsafe live[step.slot] = page.map { unsafe ($0, step.order) }
      }
    }
    unsafe live.forEach { if let block = unsafe $0 { unsafe free(zone, block.page, block.order) } }
  }
}
