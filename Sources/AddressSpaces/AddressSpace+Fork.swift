internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// The copy that `fork` makes: areas anew, private pages in common until somebody writes.
///
/// ```
///             parent       child                      first write on either side
///   leaf      read-only    read-only     one frame    a copy; alone on the frame: writable again
///   area      family a  ◄──  family b                 new pages belong to the writer's own family
/// ```
extension AddressSpace {
  /// Fills an empty space with a copy of this one. Private pages that were written are shared, and
  /// write-protected on both sides; pages of files and of shared memory are left to be faulted in again.
  ///
  /// The caller flushes this space's `batch`: writable translations of it may be cached.
  ///
  /// - Throws: `outOfMemory`; the child holds a part then, which its `destroy` gives back.
  ///
  /// O(VMAs + leaves of private memory). Linux: `dup_mmap()`, mm/mmap.c; `copy_page_range()`,
  /// mm/memory.c.
  public mutating func copy(into child: Ref<AddressSpace>) throws(MapError) {
    child.pointee.heapStart = heapStart
    child.pointee.programBreak = programBreak
    child.pointee.image = image
    child.pointee.auxiliary = auxiliary
    child.pointee.keys = keys
    var area = vmas.first
    while let vma = area {
      if !vma.pointee.flags.contains(.dontCopy) { try copyArea(vma, into: child) }
      area = vmas.next(vma)
    }
    // Last: an area that grows down would pass for the first stack.
    child.pointee.stackStart = stackStart
  }

  /// Lets every writable private area have a family, as if each had been written to: for a record that
  /// tells of calls only, where the program wrote before it forked.
  ///
  /// - Returns: How many areas had none.
  public mutating func assumeWritten() -> Int {
    var count = 0
    var area = vmas.first
    while let vma = area {
      area = vmas.next(vma)
      guard vma.pointee.flags.intersection([.shared, .write]) == .write,
        vma.pointee.special == .none, vma.pointee.anonVMA == nil
      else { continue }
      guard (try? prepareFamily(vma)) != nil else { return count }
      count += 1
    }
    return count
  }

  private mutating func copyArea(
    _ vma: Ref<VMA>, into child: Ref<AddressSpace>
  ) throws(MapError) {
    let source = vma.pointee
    let flags = source.flags.subtracting([.locked, .lockOnFault])
    try child.pointee.addImageArea(
      VMA(
        range: source.range, flags: flags, pageOffset: source.pageOffset, file: source.file,
        opening: source.opening, special: source.special))
    guard let copy = child.pointee.vmas.vma(at: source.start) else { return }
    copy.pointee.name = source.name
    source.name?.pointee.references += 1
    // A wiped area starts as one that was never touched, free to merge. Linux: `VM_WIPEONFORK`.
    guard !flags.contains(.wipeOnFork) else { return }
    if let family = source.anonVMA {
      try child.pointee.inheritFamily(copy, from: family)
    } else if !source.flags.contains(.mayHaveGuards) {
      return
    }
    try sharePages(of: source, with: child)
  }

  /// Makes a copied area a family of its own that descends from the parent's, or a member of an ancestor
  /// whose own members are all gone. Either way it does not merge with areas that never had pages.
  ///
  /// Linux: `anon_vma_fork()`, mm/rmap.c.
  private mutating func inheritFamily(
    _ vma: Ref<VMA>, from parent: Ref<AnonVMA>
  ) throws(MapError) {
    if let ancestor = Self.reusableAncestor(of: parent) {
      return join(vma, ancestor, inherited: true)
    }
    let family: Ref<AnonVMA>
    do { family = try services.pointee.anonVMAs.allocate(AnonVMA()) } catch { throw .outOfMemory }
    family.pointee.parent = parent
    parent.pointee.children += 1
    join(vma, family, inherited: true)
  }

  /// The oldest ancestor that serves one line of descent only and has no members.
  private static func reusableAncestor(of family: Ref<AnonVMA>) -> Ref<AnonVMA>? {
    var found: Ref<AnonVMA>?
    var ancestor: Ref<AnonVMA>? = family.pointee.parent
    while let current = ancestor {
      if current.pointee.mayBeReused { found = current }
      ancestor = current.pointee.parent
    }
    return found
  }

  /// Lets the child map what this space has in one private area.
  ///
  /// Linux: `copy_present_ptes()`, mm/memory.c.
  private mutating func sharePages(
    of source: VMA, with child: Ref<AddressSpace>
  ) throws(MapError) {
    let services = services
    let isProtected = source.isCopiedOnWrite
    let isSharedMemory = source.file?.pointee.kind == .sharedMemory
    var counts = child.pointee.resident
    do {
      try tables.copy(source.range, to: &child.pointee.tables) { _, leaf in
        let page = services.pointee.pages.pointee.page(of: leaf.frame)
        if page != services.pointee.zeroPage { Self.share(page, isSharedMemory, &counts) }
        let shared = isProtected ? leaf.attributes.subtracting(.write) : leaf.attributes
        return (shared, shared.subtracting(.accessed))
      }
    } catch { throw .outOfMemory }
    child.pointee.resident = counts
    child.pointee.resident.noteHighWater()
    batch.add(source.range)
  }

  /// One more space maps a page; it is nobody's alone from now on. Linux: `folio_try_dup_anon_rmap_pte()`.
  private static func share(
    _ page: Ref<Page>, _ isSharedMemory: Bool, _ counts: inout ResidentCounts
  ) {
    page.pointee.references += 1
    page.pointee.mapCount += 1
    if page.pointee.isAnonymous {
      page.pointee.flags.remove(.anonymousExclusive)
      counts.anonymous += PageCount(1)
    } else if isSharedMemory {
      counts.shared += PageCount(1)
    } else {
      counts.file += PageCount(1)
    }
  }
}
