public import MemoryTypes
public import PhysicalMemory

extension SlabHeap {
  /// Writes what /proc/slabinfo has, the newest cache first; further names of a shared cache have no
  /// line.
  ///
  /// As in Linux, objects that lie free in lists of processors count as active. The simple design,
  /// for which Linux has no such file, knows the objects only.
  /// Linux: `slabinfo_show()`, mm/slab_common.c.
  public static func writeSlabInfo(of pages: Ref<PageAllocator>, to sink: inout some TextSink) {
    sink.write("slabinfo - version: 2.1\n")
    sink.write("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>")
    sink.write(" : tunables <limit> <batchcount> <sharedfactor>")
    sink.write(" : slabdata <active_slabs> <num_slabs> <sharedavail>\n")
    guard let root = HeapRoot.existing(pages) else { return }
    root.pointee.caches.withLock { caches in
      var next = caches.last
      while let core = next {
        write(core, to: &sink)
        next = caches.previous(before: core)
      }
    }
  }

  /// Writes every figure of every cache as `grep -r . /sys/kernel/slab` prints them: a line with the
  /// path of its file, a colon and what it holds; a cache that is shared under its own name only.
  ///
  /// Nothing under the other designs, for which Linux has no such folder. Exact while nobody
  /// allocates or frees. Linux: `slab_attr_show()`, mm/slub.c.
  public static func writeFacts(of pages: Ref<PageAllocator>, to sink: inout some TextSink) {
    guard let root = HeapRoot.existing(pages), root.pointee.options.design == .slub else { return }
    root.pointee.caches.withLock { caches in
      var next = caches.first
      while let core = next {
        writeFacts(of: core, to: &sink)
        next = caches.next(after: core)
      }
    }
  }

  private static func writeFacts(of core: Ref<SlabCore>, to sink: inout some TextSink) {
    var number: UInt8 = 0
    while let fact = SlabFact(rawValue: number) {
      number += 1
      guard fact != .constructor else { continue }
      sink.write("/sys/kernel/slab/")
      sink.write(core.pointee.name)
      sink.write("/")
      sink.write(fact.name)
      sink.write(":")
      SlubFacts(design: SlubDesign(core)).write(fact, to: &sink)
      sink.write("\n")
    }
  }

  private static func write(_ core: Ref<SlabCore>, to sink: inout some TextSink) {
    let counts = core.counts
    let geometry = core.pointee.geometry
    sink.write(core.pointee.name, width: 17)
    write(shownObjects(core, counts), 6, to: &sink)
    write(counts.totalObjects, 6, to: &sink)
    write(geometry.slotSize.rawValue, 6, to: &sink)
    write(UInt(geometry.objects(in: geometry.order)), 4, to: &sink)
    write(geometry.order.pageCount.rawValue, 4, to: &sink)
    let queues = core.pointee.design == .slab ? QueuedDesign(core).queueFacts : QueueFacts()
    sink.write(" : tunables")
    write(queues.limit, 4, to: &sink)
    write(queues.batch, 4, to: &sink)
    write(queues.sharedFactor, 4, to: &sink)
    sink.write(" : slabdata")
    write(core.pointee.design == .slab ? queues.activeSlabs : counts.slabs, 6, to: &sink)
    write(counts.slabs, 6, to: &sink)
    write(queues.sharedObjects, 6, to: &sink)
    sink.write("\n")
  }

  /// All objects but those that the nodes' own lists have free. Linux: `get_slabinfo()`.
  private static func shownObjects(_ core: Ref<SlabCore>, _ counts: SlabCounts) -> UInt {
    switch core.pointee.design {
    case .slub:
      let facts = SlubFacts(design: SlubDesign(core))
      var sum: UInt = 0
      for node in 0..<facts.design.nodeCount { sum &+= facts.objects(of: node) }
      return sum
    case .slab: return counts.totalObjects - QueuedDesign(core).queueFacts.freeObjects
    case .slob: return counts.activeObjects
    }
  }

  /// A space, and the number right-aligned in `width` columns.
  private static func write(_ number: UInt, _ width: Int, to sink: inout some TextSink) {
    sink.write(" ")
    sink.write(decimal: UInt64(number), width: width)
  }
}

/// What the queued design tells beside its counts.
struct QueueFacts {
  var limit: UInt = 0
  var batch: UInt = 0
  /// The length of a shared array in batches.
  var sharedFactor: UInt = 0
  /// Slabs with objects that are not in them.
  var activeSlabs: UInt = 0
  /// Objects in shared arrays.
  var sharedObjects: UInt = 0
  /// Objects that the slabs themselves have free.
  var freeObjects: UInt = 0
}

extension QueuedDesign {
  /// Linux: `get_slabinfo()`, mm/slab.c (6.1).
  var queueFacts: QueueFacts {
    let plan = state.pointee.plan
    var facts = QueueFacts()
    facts.limit = UInt(plan.limit)
    facts.batch = UInt(plan.batch)
    facts.sharedFactor = UInt(plan.sharedLimit / max(plan.batch, 1))
    for index in 0..<nodeCount {
      let (active, shared, free) = node(index).pointee.withLock {
        ($0.partial.count + $0.full.count, $0.shared.count, $0.freeObjects)
      }
      facts.activeSlabs += UInt(active)
      facts.sharedObjects += UInt(shared)
      facts.freeObjects += UInt(free)
    }
    return facts
  }
}
