internal import AddressSpaces
internal import KernelHeap
internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// What the frames in use hold, found by looking at each: nothing has to be counted on the way.
struct FrameUse {
  /// Linux: `NR_ANON_MAPPED`.
  private(set) var mappedAnonymous = PageCount.zero
  /// Linux: `NR_FILE_PAGES`.
  private(set) var file = PageCount.zero
  /// Those of them that somebody maps. Linux: `NR_FILE_MAPPED`.
  private(set) var mappedFile = PageCount.zero
  /// Those of memory files. Linux: `NR_SHMEM`.
  private(set) var shared = PageCount.zero
  /// Those that hold what their file's disk does not. Linux: `NR_FILE_DIRTY`.
  private(set) var dirty = PageCount.zero
  /// Linux: `NR_PAGETABLE`.
  private(set) var tables = PageCount.zero
  /// Of the kernel's heap, large blocks too.
  private(set) var slabs = PageCount.zero
  /// Linux: `NR_SLAB_RECLAIMABLE_B`.
  private(set) var reclaimableSlabs = PageCount.zero

  init(of kernel: borrowing Kernel<some Hardware>) {
    let pages = kernel.pages
    slabs = SlabInfo.pageCount(of: pages)
    SlabInfo.forEach(of: pages) { if $0.isReclaimable { reclaimableSlabs += $0.pageCount } }
    pages.pointee.forEachOwnedBlock { page, order in count(page, order.pageCount) }
  }

  private mutating func count(_ page: Ref<Page>, _ size: PageCount) {
    let flags = page.pointee.flags
    if flags.contains(.table) { tables += size }
    guard flags.isDisjoint(with: [.table, .slab, .largeKmalloc]), page.pointee.mapping != 0 else {
      return
    }
    if page.pointee.isAnonymous {
      if page.pointee.mapCount > 0 { mappedAnonymous += size }
    } else {
      countFile(page, size)
    }
  }

  private mutating func countFile(_ page: Ref<Page>, _ size: PageCount) {
    file += size
    if page.pointee.mapCount > 0 { mappedFile += size }
    // SAFETY: a page that is not anonymous belongs to a file that lives.
    guard let owner = unsafe UnsafeMutablePointer<MappedFile>(bitPattern: page.pointee.mapping)
    else { return }
    let isRegular = unsafe owner.pointee.kind == .regular
    if !isRegular { shared += size }
    if isRegular, page.pointee.flags.contains(.dirty) { dirty += size }
  }
}
