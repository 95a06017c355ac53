internal import KernelHeap
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// How an address space begins and ends: the image `execve` maps, the copy `fork` makes, the end.
extension AddressSpace {
  /// Adds an area of a program image as it is, without merging.
  ///
  /// - Throws: `outOfMemory`; the areas added so far stay until `destroy`.
  ///
  /// Linux: `elf_load()`, fs/binfmt_elf.c; `_install_special_mapping()`, mm/mmap.c.
  public mutating func addImageArea(_ area: VMA) throws(MapError) {
    let pages = pageCount(area.range)
    if area.flags.contains(.accounted) { try charge(pages) }
    do { _ = try addArea(area) } catch {
      if area.flags.contains(.accounted) { services.pointee.uncharge(pages) }
      throw error
    }
    account(area.flags, added: pages)
    if area.flags.contains(.growsDown) { stackStart = area.range.end - ByteCount(1) }
  }

  /// Says where the heap begins; it is empty then. Linux: `mm->start_brk`, `mm->brk`.
  public mutating func setHeap(start: VirtualAddress, programBreak: VirtualAddress) {
    heapStart = start
    self.programBreak = programBreak
  }

  /// Fills an empty space with a copy of this one, pages of private memory included.
  ///
  /// Pages are copied at once; sharing them until the first write belongs to the complete address
  /// space. Pages of files and of shared memory are left to be faulted in again.
  ///
  /// - Throws: `outOfMemory`; the child holds a part then, which its `destroy` gives back.
  ///
  /// Linux: `dup_mmap()`, kernel/fork.c; `copy_page_range()`, mm/memory.c.
  public mutating func copy(into child: Ref<AddressSpace>) throws(MapError) {
    child.pointee.heapStart = heapStart
    child.pointee.programBreak = programBreak
    child.pointee.image = image
    child.pointee.keys = keys
    var area = vmas.first
    while let vma = area {
      if !vma.pointee.flags.contains(.dontCopy) { try copyArea(vma, into: child) }
      area = vmas.next(vma)
    }
    // Last: an area that grows down would pass for the first stack.
    child.pointee.stackStart = stackStart
  }

  private mutating func copyArea(
    _ vma: Ref<VMA>, into child: Ref<AddressSpace>
  ) throws(MapError) {
    let source = vma.pointee
    let flags = source.flags.subtracting([.locked, .lockOnFault])
    try child.pointee.addImageArea(
      VMA(
        range: source.range, flags: flags, pageOffset: source.pageOffset, file: source.file,
        special: source.special))
    guard let copy = child.pointee.vmas.vma(at: source.start) else { return }
    copy.pointee.name = source.name
    source.name?.pointee.references += 1
    guard source.anonVMA != nil else { return }
    try child.pointee.prepareOwnFamily(copy)
    try copyPages(of: vma, to: copy, in: child)
  }

  /// The child's pages are its own family; it descends from the parent's and so does not merge with
  /// areas that never had pages. Linux: `anon_vma_fork()`, mm/rmap.c.
  private mutating func prepareOwnFamily(_ vma: Ref<VMA>) throws(MapError) {
    let family: Ref<AnonVMA>
    do { family = try services.pointee.anonVMAs.allocate(AnonVMA()) } catch { throw .outOfMemory }
    join(vma, family, inherited: true)
  }

  private mutating func copyPages(
    of vma: Ref<VMA>, to copy: Ref<VMA>, in child: Ref<AddressSpace>
  ) throws(MapError) {
    let services = services
    tables.forEachLeaf(in: vma.pointee.range) { address, leaf in
      let page = services.pointee.pages.pointee.page(of: leaf.frame)
      guard page.pointee.isAnonymous, !child.pointee.isIncomplete else { return }
      child.pointee.adoptCopy(of: page, copy, address)
    }
    guard !child.pointee.isIncomplete else { throw .outOfMemory }
  }

  /// Takes a copy of a parent's page; on failure the space is marked incomplete.
  private mutating func adoptCopy(
    of page: Ref<Page>, _ vma: Ref<VMA>, _ address: VirtualAddress
  ) {
    do { try copyOnWrite(vma, address, page) } catch { isIncomplete = true }
  }

  /// Unmaps everything and gives back every VMA, family, file reference and table.
  ///
  /// The caller flushes `batch` and frees the space itself. Linux: `exit_mmap()`, mm/mmap.c.
  public mutating func destroy() {
    while let vma = vmas.first {
      let pages = pageCount(vma.pointee.range)
      unmapPages(of: vma, vma.pointee.range)
      account(vma.pointee.flags, removed: pages)
      if vma.pointee.flags.contains(.locked) { accounts.locked -= pages }
      if vma.pointee.flags.contains(.accounted) { services.pointee.uncharge(pages) }
      removeArea(vma)
    }
    tables.destroy()
  }
}
