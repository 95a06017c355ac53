internal import Machine
public import MemoryTypes
public import PhysicalMemory

extension SlabHeap {
  /// Whether `count` bytes at `start` may be copied from or to user space, as far as the heap has a
  /// say: inside the window of one object, or inside one large block of kmalloc.
  ///
  /// Addresses outside of RAM and frames that are no heap's are somebody else's to judge, so true.
  /// So is everything under the simple design, which does not know where an object ends.
  /// Linux: `__check_heap_object()`, mm/slub.c; `check_heap_object()`, mm/usercopy.c.
  public static func allowsUserCopy(
    of start: UnsafeRawPointer, count: ByteCount, pages: Ref<PageAllocator>
  ) -> Bool {
    let window = SlabWindow(pages)
    let address = UInt(bitPattern: start)
    guard count > .zero, let page = window.headPage(of: address) else { return true }
    let offset = address &- window.address(of: page)
    if page.pointee.flags.contains(.largeKmalloc) {
      let size = pages.pointee.directMap.pageSize.bytes(in: page.pointee.order.pageCount)
      return count.rawValue <= size.rawValue &- offset
    }
    guard page.pointee.flags.contains(.slab) else { return true }
    // SAFETY: the page of a slab points at the core of its cache, which outlives its slabs.
    let core = unsafe Ref<SlabCore>(
      UnsafeMutablePointer(bitPattern: page.slabCache).unsafelyUnwrapped)
    guard core.pointee.design != .slob else { return true }
    let colour = core.pointee.design == .slab ? page.colourOffset : 0
    return core.pointee.allowsUserCopy(offset &- colour, count.rawValue)
  }
}

extension SlabCore {
  /// The same for bytes that begin `offset` bytes behind the start of a slab's first slot.
  fileprivate func allowsUserCopy(_ offset: UInt, _ count: UInt) -> Bool {
    let inSlot = offset % geometry.slotSize.rawValue
    guard inSlot >= geometry.leftZone else { return false }
    let inObject = inSlot - geometry.leftZone
    guard inObject >= userWindow.lowerBound, inObject <= userWindow.upperBound else { return false }
    return count <= userWindow.upperBound - inObject
  }
}
