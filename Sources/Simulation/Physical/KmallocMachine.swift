internal import KernelHeap
internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// A machine whose memory a heap of one design has to itself.
@safe
final class KmallocMachine {
  let pages: Ref<PageAllocator>
  private let ram: SimulatedRAM
  private let current: UnsafeMutablePointer<Int>
  private let freeAtBoot: PageCount
  private var kmalloc: KmallocCaches
  private var caches: [NamedCache] = []
  private var indices: [UInt32: Int] = [:]

  /// A cache is no value that an array can hold.
  private final class NamedCache {
    let cache: SlabCache

    init(_ cache: consuming SlabCache) { self.cache = cache }
  }

  /// An object here, and what it was asked for there.
  struct Object {
    var pointer: UInt
    /// Of its cache; nil for one of kmalloc.
    var cache: Int?
    var requested: UInt64
    var recorded: UInt64
    var slot: UInt64
    /// Where the bytes of the slot count as those of a row of kmalloc; nil for the ordinary one.
    var row: WritableKeyPath<KmallocReport.Rows, UInt64>?
  }

  /// Boots the machine.
  ///
  /// - Throws: `SimulationError` when the host or the machine has too little memory.
  init(_ design: SlabDesign, _ settings: KmallocSettings, processors: Int) throws(SimulationError) {
    let current = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    unsafe current.initialize(to: 0)
    unsafe self.current = unsafe current
    let count = ByteCount(settings.ram.rawValue & ~settings.pageSize.offsetMask)
    ram = try SimulatedRAM(count, settings.pageSize)
    do {
      // SAFETY: RAM is zeroed and lives as long as this object.
      let map = unsafe DirectMap(
        base: ram.base, start: Self.start, count: count, pageSize: settings.pageSize)
      var memblock = try Memblock.describing(map)
      var options = PageAllocatorOptions(pageSize: settings.pageSize)
      options.processors = processors
      // Old devices reach the first 16 MiB, as on x86.
      options.layout = ZoneLayout(
        pageSize: settings.pageSize, kinds: .dma,
        dmaEnd: PhysicalAddress(Self.start.rawValue + 16 << 20))
      pages = try PageAllocator.boot(
        memblock: &memblock, directMap: map, options: options, untouched: ram.untouched)
      freeAtBoot = pages.pointee.freePageCount
      try SlabHeap.boot(HeapOptions(design: design), on: pages)
      kmalloc = try KmallocCaches(pages: pages, kinds: [.dma, .reclaimable, .accounted])
    } catch {
      throw .tooLittleMemory(bytes: count.rawValue)
    }
    // SAFETY: the word lives as long as this object, and so the allocator.
    unsafe pages.pointee.processors = ProcessorSource(context: current) { context in
      unsafe context!.assumingMemoryBound(to: Int.self).pointee
    }
  }

  private static var start: PhysicalAddress { PhysicalAddress(0x4000_0000) }

  deinit { unsafe current.deallocate() }

  /// Which processor does what comes next.
  var processor: Int {
    get { unsafe current.pointee }
    set { unsafe current.pointee = newValue }
  }

  /// Bytes that the heap has from the page allocator.
  var memoryBytes: UInt64 {
    let used = freeAtBoot - pages.pointee.freePageCount
    return UInt64(pages.pointee.directMap.pageSize.bytes(in: used).rawValue)
  }

  /// An object by size, of the row that its flags lead to; nil without memory for it.
  func allocate(_ requested: UInt64, recorded: UInt64, flags: GFPFlags) -> Object? {
    let size = ByteCount(UInt(requested))
    let rows: AllocationFlags = [.dma, .reclaimable, .accounted]
    let wanted = flags.allocation.intersection(rows).union(.kernel)
    guard let pointer = unsafe try? kmalloc.kmalloc(size, flags: wanted) else { return nil }
    // SAFETY: the heap gave the pointer right now.
    let slot = unsafe UInt64(kmalloc.ksize(pointer).rawValue)
    return Object(
      pointer: UInt(bitPattern: pointer), requested: requested, recorded: recorded,
      slot: slot, row: Self.row(flags))
  }

  /// Linux: `kmalloc_type()`.
  private static func row(_ flags: GFPFlags) -> WritableKeyPath<KmallocReport.Rows, UInt64>? {
    if flags.contains(.dma) { return \.dma }
    if flags.contains(.reclaimable) { return \.reclaimable }
    return flags.contains(.accounted) ? \.accounted : nil
  }

  /// An object of the trace's cache `name`, which is made when it is first asked for.
  func allocate(_ requested: UInt64, recorded: UInt64, cache name: UInt32) -> Object? {
    guard let index = index(of: name, requested, recorded) else { return nil }
    let cache = caches[index]
    guard let pointer = unsafe try? cache.cache.allocate() else { return nil }
    let slot = UInt64(cache.cache.geometry.slotSize.rawValue)
    return Object(
      pointer: UInt(bitPattern: pointer), cache: index, requested: requested,
      recorded: recorded, slot: slot)
  }

  func free(_ object: Object) {
    // SAFETY: the object lives, and its pointer is the heap's.
    guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: object.pointer) else { return }
    if let index = object.cache {
      unsafe caches[index].cache.free(pointer)
    } else {
      unsafe kmalloc.kfree(pointer)
    }
  }

  /// Counts slabs, `objects` being all that live.
  func slabs(of objects: some Sequence<Object>) -> KmallocReport.Slabs {
    var filled: [UInt: (bytes: UInt64, used: UInt64, smallest: UInt64)] = [:]
    var slabs = KmallocReport.Slabs()
    for object in objects {
      guard let pointer = unsafe UnsafeRawPointer(bitPattern: object.pointer),
        let head = unsafe pages.pointee.headPage(of: pointer)
      else { continue }
      guard head.pointee.flags.contains(.slab) else {
        slabs.largeBlocks += 1
        continue
      }
      let pageSize = pages.pointee.directMap.pageSize
      let bytes = UInt64(pageSize.bytes(in: head.pointee.order.pageCount).rawValue)
      let key = unsafe UInt(bitPattern: pages.pointee.pointer(to: head))
      let known = filled[key] ?? (bytes, 0, .max)
      filled[key] = (bytes, known.used + object.slot, min(known.smallest, object.slot))
    }
    SlabInfo.forEach(of: pages) { slabs.count += Int($0.slabCount) }
    slabs.empty = max(0, slabs.count - filled.count)
    for slab in filled.values where slab.used + slab.smallest <= slab.bytes {
      slabs.partial += 1
      slabs.partialBytes += slab.bytes
      slabs.freeBytes += slab.bytes - slab.used
    }
    return slabs
  }

  var cacheCount: Int { caches.count }

  private func index(of name: UInt32, _ requested: UInt64, _ recorded: UInt64) -> Int? {
    if let known = indices[name] { return known }
    let shape = Self.shape(requested, recorded)
    guard
      let cache = try? SlabCache(
        SlabRequest(name: "traced", objectSize: shape.size, alignment: shape.alignment),
        pages: pages)
    else { return nil }
    caches.append(NamedCache(cache))
    indices[name] = caches.count - 1
    return caches.count - 1
  }

  /// The trace tells no alignment: the least one that leads to the slots it tells, else the slot as
  /// the object.
  private static func shape(
    _ requested: UInt64, _ recorded: UInt64
  ) -> (size: ByteCount, alignment: ByteCount) {
    var alignment: UInt64 = 8
    while alignment <= 4096 {
      if (requested + alignment - 1) & ~(alignment - 1) == recorded {
        return (ByteCount(UInt(max(requested, 1))), ByteCount(UInt(alignment)))
      }
      alignment *= 2
    }
    return (ByteCount(UInt(max(requested, recorded, 1))), ByteCount(8))
  }
}
