// The simple list of blocks: no slabs and no classes, every block cut to measure.
//
//   page   | used | free 5 ->+ | used | free 1 ->+ | used | free 40 ->end |
//                            +--------^          +--------^
//
// A page is a row of units of two bytes. Free blocks are in the order of their addresses, and tell
// their length and their next one in their own first units; used ones tell nothing, so who frees
// one must know its size: a cache does, and kmalloc writes it in front.
//
// Three lists have the pages with free blocks, by the size of what is cut from them. A search takes
// the first fit of a page and begins at the page where the last one ended. A page that is wholly
// free goes back at once. What needs a page or more gets frames of its own.
//
// Invariants: the blocks of a page are in order, apart by a used unit at least, and their units are
// as counted; a page is in a list exactly if it has a free unit.
//
// One lock for all lists and pages of a machine; then the zone lock, never together.
//
// Linux: mm/slob.c (6.1). Knuth, The Art of Computer Programming, vol. 1, 2.5.
internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// All small blocks of a machine.
struct SlobHeap {
  let root: Ref<HeapRoot>
  let units: SlobUnits

  init(_ root: Ref<HeapRoot>) {
    self.root = root
    units = SlobUnits(root.pages.pointee.directMap.pageSize)
  }

  /// The bytes in front of what kmalloc gives, and their alignment. Linux: `ARCH_KMALLOC_MINALIGN`.
  static var prefixSize: UInt { 8 }

  /// A block of less than a page. Linux: `slob_alloc()`.
  func allocate(
    _ request: SlobRequest, _ flags: AllocationFlags
  ) throws(AllocationError) -> UInt {
    if let address = root.pointee.slob.withLock({ $0.take(request, self) }) { return address }
    let wanted = flags.subtracting([.zeroed, .movable, .highMemory])
    let frame = try root.pages.pointee.allocatePages(order: .zero, flags: wanted)
    frame.pointee.flags.insert(.slab)
    frame.pointee.flags.remove(.zeroFilled)
    frame.slabCache = root.pointee.core.address
    let page = page(frame)
    page.clear()
    let address = page.take(units.count(request.size), request.alignment, offset: request.offset)
    guard let address else { SlabMisuse.trapCorruptFreeList() }
    root.pointee.slob.withLock { slob in
      slob.countPages(1)
      if page.freeUnits > 0 { slob.add(frame, to: SlobLists.list(for: request.size)) }
    }
    return address
  }

  /// Takes back a block of `size` bytes of `frame`. Linux: `slob_free()`.
  func free(_ address: UInt, _ size: UInt, in frame: Ref<Page>) {
    let page = page(frame)
    let length = units.count(size)
    let isInside =
      address & (units.size - 1) == 0
      && address - page.start <= units.pageSize.bytes.rawValue - size
    guard isInside else { SlabMisuse.trapForeign() }
    let isEmpty = root.pointee.slob.withLock { slob -> Bool in
      let free = page.freeUnits
      if free + length == units.perPage && free > 0 { slob.remove(frame) }
      guard page.give(address, length) else { SlabMisuse.trapFreedTwice() }
      if free + length == units.perPage {
        slob.countPages(-1)
        return true
      }
      if free == 0 { slob.add(frame, to: SlobLists.list(for: size)) }
      return false
    }
    if isEmpty { giveBack(frame) }
  }

  private func giveBack(_ frame: Ref<Page>) {
    frame.pointee.flags.remove(.slab)
    frame.pointee.charge = 0
    root.pages.pointee.freePages(frame, order: .zero)
  }

  func page(_ frame: Ref<Page>) -> SlobPage {
    let start = unsafe UInt(bitPattern: root.pages.pointee.pointer(to: frame))
    return SlobPage(page: frame, start: start, units: units)
  }
}

/// Blocks that tell their size. Linux: `__do_kmalloc_node()`, `kfree()`.
extension SlobHeap {
  /// Whether so many bytes have a size in front; larger ones get frames of their own.
  func isSmall(_ size: UInt) -> Bool { size < units.pageSize.bytes.rawValue - Self.prefixSize }

  /// `size` bytes, 1 or more, aligned to `alignment` or 8; to the size if that is a power of two.
  func allocateSized(
    _ size: UInt, alignment: UInt = 1, _ flags: AllocationFlags
  ) throws(AllocationError) -> UInt {
    let natural = size & (size - 1) == 0 ? size : 1
    let request = SlobRequest(
      size: size + Self.prefixSize, alignment: max(Self.prefixSize, alignment, natural),
      offset: Self.prefixSize)
    let block = try allocate(request, flags)
    unsafe Self.prefix(block + Self.prefixSize).pointee = size
    return block + Self.prefixSize
  }

  func freeSized(_ address: UInt, in frame: Ref<Page>) {
    let size = size(of: address)
    free(address - Self.prefixSize, size + Self.prefixSize, in: frame)
  }

  /// What the prefix says; traps on one that cannot be.
  func size(of address: UInt) -> UInt {
    guard address & (Self.prefixSize - 1) == 0, address & units.pageSize.offsetMask != 0 else {
      SlabMisuse.trapNoHeapPointer()
    }
    let size = unsafe Self.prefix(address).pointee
    guard size > 0, isSmall(size) else { SlabMisuse.trapNoHeapPointer() }
    return size
  }

  @unsafe
  private static func prefix(_ address: UInt) -> UnsafeMutablePointer<UInt> {
    // SAFETY: the eight bytes in front are in the same page as the address.
    unsafe UnsafeMutablePointer(bitPattern: address &- prefixSize).unsafelyUnwrapped
  }
}

extension SlobHeap {
  /// See the theory.
  func checkInvariants() {
    root.pointee.slob.withLock { slob in
      for list in slob.lists.indices {
        slob.lists[list].checkInvariants()
        slob.lists[list].forEachElement { frame in
          precondition(frame.slobList == list, "a page is in a wrong list")
          check(page(frame))
        }
      }
    }
  }

  /// The same for one page of small blocks.
  func checkInvariants(of frame: Ref<Page>) {
    root.pointee.slob.withLock { _ in
      let page = page(frame)
      if page.freeUnits > 0 { check(page) }
    }
  }

  private func check(_ page: SlobPage) {
    precondition(page.freeUnits > 0, "a full page is listed")
    precondition(page.freeUnits < units.perPage, "a free page was kept")
    var sum = 0
    var end: UInt = 0
    var next = page.first
    while units.page(of: next) == page.start {
      precondition(next > end, "free blocks are out of order or not joined")
      let block = units.block(next)
      sum += block.length
      end = block.end
      next = block.next
    }
    precondition(next == page.start + units.pageSize.bytes.rawValue, "a list leads elsewhere")
    precondition(sum == page.freeUnits, "free units are miscounted")
  }
}
