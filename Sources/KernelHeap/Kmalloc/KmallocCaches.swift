internal import Machine
public import MemoryTypes
public import PhysicalMemory

/// Memory by size: a row of caches, and whole frames above it. Linux: `kmalloc_caches`.
///
/// This value owns the caches; whoever ends it calls `destroy()` first. The other methods may be
/// called by several processors at once.
public struct KmallocCaches: ~Copyable {
  let pages: Ref<PageAllocator>
  /// By size class: 1 is 96 bytes, 2 is 192, n from 3 on is 2^n. Linux has the same numbers.
  private var caches = InlineArray<18, Ref<SlabCore>?>(repeating: nil)
  /// The largest class: two pages. Linux: `KMALLOC_SHIFT_HIGH`.
  private let largestClass: Int

  /// Makes all caches. Throws when memory does not suffice; everything is given back then.
  public init(pages: Ref<PageAllocator>, processors: Int? = nil) throws(AllocationError) {
    self.pages = pages
    largestClass = Int(pages.pointee.directMap.pageSize.shift) + 1
    try makeCaches(processors)
  }

  /// What `kmalloc` of 0 bytes returns: an address that `kfree` takes and nothing can be read at.
  ///
  /// Linux: `ZERO_SIZE_PTR`.
  public static var zeroSizePointer: UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
  }

  /// At least `size` bytes; of a power-of-two class, aligned to the class; of whole frames, to a
  /// page. Their contents have no meaning, or are zero with `.zeroed`.
  ///
  /// Throws when there is no memory, or for a size above the largest block of frames; nothing has
  /// changed then. O(1) mostly. Linux: `kmalloc()`.
  @inline(__always)
  public func kmalloc(
    _ size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    guard size > .zero else { return unsafe Self.zeroSizePointer }
    let index = KmallocClass.index(of: size)
    guard index <= largestClass else { return try unsafe allocateLarge(size, flags) }
    return try unsafe caches[index].unsafelyUnwrapped.allocate(flags)
  }

  /// Takes back what any cache of this machine or `kmalloc` gave. Traps with a message on any
  /// other pointer. Linux: `kfree()`.
  @inline(__always)
  public func kfree(_ pointer: UnsafeMutableRawPointer) {
    guard unsafe pointer != Self.zeroSizePointer else { return }
    guard let page = unsafe pages.pointee.headPage(of: pointer) else {
      SlabMisuse.trapNoHeapPointer()
    }
    guard page.pointee.flags.contains(.slab) else { return unsafe freeLarge(pointer, page) }
    unsafe core(of: page).free(pointer, in: page)
  }

  /// How many bytes the caller may use at `pointer`, which the heap gave. Linux: `ksize()`.
  public func ksize(_ pointer: UnsafeRawPointer) -> ByteCount {
    guard unsafe pointer != UnsafeRawPointer(Self.zeroSizePointer) else { return .zero }
    guard let page = unsafe pages.pointee.headPage(of: pointer) else {
      SlabMisuse.trapNoHeapPointer()
    }
    if page.pointee.flags.contains(.slab) {
      return core(of: page).pointee.geometry.objectSize
    }
    guard page.pointee.flags.contains(.largeKmalloc) else { SlabMisuse.trapNoHeapPointer() }
    return pages.pointee.directMap.pageSize.bytes(in: page.pointee.order.pageCount)
  }

  /// Gives every empty slab of every class back; the pages that made.
  @discardableResult
  public func shrink() -> PageCount {
    var sum = PageCount.zero
    for index in caches.indices {
      if let cache = caches[index] { sum += cache.shrink() }
    }
    return sum
  }

  /// Gives back all caches; the value must not be used after.
  ///
  /// Throws at the first class with living objects, and leaves that and the later ones whole.
  public mutating func destroy() throws(SlabCacheError) {
    for index in caches.indices {
      guard let cache = caches[index] else { continue }
      try cache.destroy()
      caches[index] = nil
    }
  }

  /// Traps unless every class's counts, list and slabs agree. O(classes × frames).
  public func checkInvariants() {
    for index in caches.indices { caches[index]?.checkInvariants() }
  }

  private func core(of slab: Ref<Page>) -> Ref<SlabCore> {
    // SAFETY: the page of a slab points at the core of its cache, which outlives its slabs.
    unsafe Ref(UnsafeMutablePointer(bitPattern: slab.slabCache).unsafelyUnwrapped)
  }

  private mutating func makeCaches(_ processors: Int?) throws(AllocationError) {
    let root = try HeapRoot.of(pages)
    for index in 1...largestClass {
      let size = KmallocClass.size(index)
      var request = SlabRequest(
        name: KmallocClass.name(index), objectSize: size,
        alignment: KmallocClass.alignment(size), flags: .unmergeable,
        userWindow: 0..<size.rawValue)
      request.processors = processors
      do {
        caches[index] = try root.makeCore(request)
      } catch {
        // A cache without objects cannot refuse.
        try? destroy()
        throw error
      }
    }
  }
}
