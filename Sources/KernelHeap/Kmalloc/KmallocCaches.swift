internal import Machine
public import MemoryTypes
public import PhysicalMemory

/// Memory by size: a row of caches, and whole frames above it. Linux: `kmalloc_caches`.
///
/// This value owns the caches; whoever ends it calls `destroy()` first. The other methods may be
/// called by several processors at once.
public struct KmallocCaches: ~Copyable {
  let table: Ref<KmallocTable>
  /// The size of the largest class: two pages; 0 for the simple design, which has no classes.
  /// Linux: `KMALLOC_MAX_CACHE_SIZE`.
  let largestSize: UInt

  /// Makes all caches. Throws when memory does not suffice; everything is given back then.
  ///
  /// `processors` as for `SlabCache`; `kinds` are the rows beside the ordinary one.
  /// Linux: `create_kmalloc_caches()`.
  public init(
    pages: Ref<PageAllocator>, processors: Int? = nil, kinds: KmallocKinds = []
  ) throws(AllocationError) {
    let largestClass = Int(pages.pointee.directMap.pageSize.shift) + 1
    let hasClasses = SlabHeap.options(of: pages).design != .slob
    largestSize = hasClasses ? 1 << UInt(largestClass) : 0
    table = try HeapRoot.of(pages).makeTable(largestClass, kinds, processors)
  }

  @inline(__always)
  var pages: Ref<PageAllocator> { table.pointee.pages }

  /// What `kmalloc` of 0 bytes returns: an address that `kfree` takes and nothing can be read at.
  ///
  /// Linux: `ZERO_SIZE_PTR`.
  public static var zeroSizePointer: UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
  }

  /// At least `size` bytes; of a power-of-two class, aligned to the class, else to the largest power
  /// of two that divides it; of whole frames, to a page. Their contents have no meaning, or are
  /// zero with `.zeroed`.
  ///
  /// Throws when there is no memory, or for a size above the largest block of frames; nothing has
  /// changed then. O(1) mostly. Linux: `kmalloc()`.
  @inlinable @inline(__always)
  public func kmalloc(
    _ size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    guard let object = unsafe find(size, flags) else { throw .outOfMemory }
    return unsafe object
  }

  /// The same; nil instead of an error.
  @usableFromInline
  func find(_ size: ByteCount, _ flags: AllocationFlags) -> UnsafeMutableRawPointer? {
    guard flags.isDisjoint(with: KmallocKind.special.union(.zeroed)),
      size.rawValue &- 1 < largestSize
    else { return unsafe findSpecially(size, flags) }
    return unsafe table.cache(table.classIndex(size.rawValue)).findUncleared(flags)
  }

  @inline(never)
  private func findSpecially(
    _ size: ByteCount, _ flags: AllocationFlags
  ) -> UnsafeMutableRawPointer? {
    try? unsafe allocateSpecially(size, flags)
  }

  /// Takes back what any cache of this machine or `kmalloc` gave. Traps with a message on any
  /// other pointer. Linux: `kfree()`.
  @inline(__always)
  public func kfree(_ pointer: UnsafeMutableRawPointer) {
    // First the number, so that little has to be kept meanwhile.
    let processor = pages.pointee.processors.index
    guard let (slab, offset) = table.pointee.window.slab(of: UInt(bitPattern: pointer)) else {
      return unsafe freeSpecially(pointer)
    }
    unsafe core(of: slab).free(pointer, in: slab, at: offset, by: processor)
  }

  /// How many bytes the caller may use at `pointer`, which the heap gave; of an object of another
  /// cache SLUB's whole slot, where that keeps nothing of its own. Linux: `ksize()`.
  public func ksize(_ pointer: UnsafeRawPointer) -> ByteCount {
    guard unsafe pointer != UnsafeRawPointer(Self.zeroSizePointer) else { return .zero }
    guard let page = table.pointee.window.headPage(of: UInt(bitPattern: pointer)) else {
      SlabMisuse.trapNoHeapPointer()
    }
    if page.pointee.flags.contains(.slab) {
      return simpleSize(of: UInt(bitPattern: pointer), core(of: page))
        ?? core(of: page).pointee.usableSize
    }
    guard page.pointee.flags.contains(.largeKmalloc) else { SlabMisuse.trapNoHeapPointer() }
    return pages.pointee.directMap.pageSize.bytes(in: page.pointee.order.pageCount)
  }

  /// Gives every empty slab of every class back; the pages that made.
  @discardableResult
  public func shrink() -> PageCount {
    var sum = PageCount.zero
    table.forEachCache { sum += $0.shrink() }
    return sum
  }

  /// Traps unless every class's counts, list and slabs agree. O(classes × frames).
  public func checkInvariants() { table.forEachCache { $0.checkInvariants() } }

  /// Traps unless the slab that holds the byte at `pointer` is sound: its list of free objects, its
  /// counts. What is no slab is not looked at. O(objects of the slab), where the processors' own
  /// lists stay as they are meanwhile.
  public func checkInvariants(of pointer: UnsafeRawPointer) {
    guard let page = table.pointee.window.headPage(of: UInt(bitPattern: pointer)),
      page.pointee.flags.contains(.slab)
    else { return }
    core(of: page).checkInvariants(of: page)
  }

  func core(of slab: Ref<Page>) -> Ref<SlabCore> {
    // SAFETY: the page of a slab points at the core of its cache, which outlives its slabs.
    unsafe Ref(UnsafeMutablePointer(bitPattern: slab.slabCache).unsafelyUnwrapped)
  }
}
