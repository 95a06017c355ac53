public import MemoryTypes
public import PhysicalMemory
internal import Synchronization

/// One line of /proc/slabinfo.
public struct SlabInfo: Sendable {
  public let name: StaticString
  public let geometry: SlabGeometry
  public let activeObjects: UInt
  public let totalObjects: UInt
  public let slabCount: UInt
  public let pageCount: PageCount
  /// Whether a shrinker can free its objects. Linux: `SLAB_RECLAIM_ACCOUNT`.
  public let isReclaimable: Bool

  init(_ core: Ref<SlabCore>) {
    name = core.pointee.name
    geometry = core.pointee.geometry
    isReclaimable = core.pointee.flags.contains(.reclaimable)
    let counts = core.counts
    activeObjects = counts.activeObjects
    totalObjects = counts.totalObjects
    slabCount = counts.slabs
    pageCount = counts.pages
  }

  /// Calls `body` with each cache of the machine, in the order they were made, under the lock of
  /// the list of caches: `body` must not make or destroy one.
  public static func forEach(of pages: Ref<PageAllocator>, _ body: (SlabInfo) -> Void) {
    guard let root = HeapRoot.existing(pages) else { return }
    root.pointee.caches.withLock { caches in
      var next = caches.first
      while let core = next {
        body(SlabInfo(core))
        next = caches.next(after: core)
      }
    }
  }

  /// All frames that the kernel heap has: the `Slab:` of /proc/meminfo, in pages.
  ///
  /// Large kmalloc blocks count too, as they do in Linux since 5.9.
  public static func pageCount(of pages: Ref<PageAllocator>) -> PageCount {
    guard let root = HeapRoot.existing(pages) else { return .zero }
    var sum = PageCount(root.pointee.largePages.load(ordering: .relaxed)) + root.pageCount
    forEach(of: pages) { sum += $0.pageCount }
    return sum
  }
}
