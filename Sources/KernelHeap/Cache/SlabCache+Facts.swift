public import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

extension SlabCache {
  public var name: StaticString { alias?.pointee.name ?? core.pointee.name }

  /// How slabs are cut.
  public var geometry: SlabGeometry { core.pointee.geometry }

  /// What `.zeroed` clears: of caches that share slabs the largest. Linux: `s->object_size`.
  public var objectSize: ByteCount { ByteCount(core.pointee.objectSize.load(ordering: .relaxed)) }

  public var flags: SlabFlags { core.pointee.flags }

  /// Whether slabs are shared with caches of other names.
  public var isShared: Bool { core.pointee.shares.load(ordering: .relaxed) > 1 }

  /// The order of a slab's block; less for slabs made when memory was short.
  public var order: Order { core.pointee.geometry.order }

  /// The slots of a slab of that order.
  public var objectsPerSlab: Int { geometry.objects(in: order) }

  /// What the cache has; exact while nobody allocates or frees.
  public var counts: SlabCounts { core.counts }

  /// The objects that live.
  public var activeObjects: Int { Int(counts.activeObjects) }

  /// The slots of all slabs.
  public var totalObjects: Int { Int(counts.totalObjects) }

  /// The slabs, full, partial and empty.
  public var slabCount: Int { Int(counts.slabs) }

  /// The frames of all slabs.
  public var pageCount: PageCount { counts.pages }

  /// Writes what Linux's file /sys/kernel/slab/NAME/FILE holds, without the end of its line; nothing
  /// under the other designs. Exact while nobody allocates or frees. Linux: `slab_attr_show()`.
  public func write(_ fact: SlabFact, to sink: inout some TextSink) {
    guard core.pointee.design == .slub else { return }
    SlubFacts(design: SlubDesign(core)).write(fact, to: &sink)
  }

  /// How many findings of a watched cache were reported.
  public var findingCount: Int { Int(core.pointee.findings.load(ordering: .relaxed)) }

  /// Which allocations shall fail although there is memory. Those that must not fail never do.
  public var faultPlan: FaultPlan {
    get { core.pointee.faults.plan }
    nonmutating set {
      core.pointee.faults.plan = newValue
      core.pointee.attention.bitwiseOr(SlabCore.isCareful, ordering: .relaxed)
    }
  }

  /// Traps unless counts, lists and every slab agree. O(frames of the machine); while nobody
  /// allocates or frees.
  public func checkInvariants() { core.checkInvariants() }
}
