internal import Machine
internal import MemoryTypes
internal import PageTables
public import PhysicalMemory

/// Single pages: filling, copying, unmapping, and the residence counts that go with them.
extension AddressSpace {
  /// What a present leaf of this area says at the most. Linux: `vm_get_page_prot()`.
  func leafAttributes(for area: VMA) -> LeafAttributes {
    var attributes: LeafAttributes = .user
    if !area.flags.isDisjoint(with: .access) { attributes.insert(.read) }
    if area.flags.contains(.write) { attributes.insert(.write) }
    if area.flags.contains(.execute) { attributes.insert(.execute) }
    return attributes
  }

  /// Linux: `do_anonymous_page()`, mm/memory.c.
  mutating func fillAnonymous(
    _ vma: Ref<VMA>, _ address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) {
    guard access == .write else {
      if triesHugePage(vma, address) { try prepare(vma) }
      return try install(services.pointee.zeroPage, vma, address, isWritable: false, access)
    }
    try prepare(vma)
    let page = try services.newPage()
    markAnonymous(page, vma, address)
    do { try install(page, vma, address, isWritable: true, access) } catch {
      services.pointee.pages.pointee.freePage(page)
      throw error
    }
    resident.anonymous += PageCount(1)
  }

  /// Linux: `do_read_fault()`, `do_cow_fault()`, `do_shared_fault()`, mm/memory.c.
  mutating func fillFromFile(
    _ vma: Ref<VMA>, _ file: Ref<MappedFile>, _ address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) {
    let index = vma.pointee.pageOffset(of: address, pageSize)
    guard isInside(file, index), file.pointee.kind != .hugePages else { throw .beyondFile }
    let cached = try services.cachedPage(file, index)
    if access == .write, !vma.pointee.flags.contains(.shared) {
      return try copyIn(vma, address, from: cached)
    }
    let isWritable = access == .write || !vma.pointee.isNotifiedOfWrites
    if access == .write { cached.pointee.flags.insert(.dirty) }
    cached.pointee.references += 1
    do {
      try install(
        cached, vma, address, isWritable: isWritable && vma.pointee.flags.contains(.shared), access)
    } catch {
      cached.pointee.references -= 1
      throw error
    }
    count(cached, file, PageCount(1))
  }

  /// A page of the kernel's own that has no file: vdso and vvar. Linux: `special_mapping_fault()`.
  mutating func fillSpecial(_ vma: Ref<VMA>, _ address: VirtualAddress) throws(FaultError) {
    try install(services.pointee.zeroPage, vma, address, isWritable: false, .read)
  }

  /// Replaces a page that others may see too by a copy of this space's own.
  ///
  /// Linux: `wp_page_copy()`, mm/memory.c.
  mutating func copyOnWrite(
    _ vma: Ref<VMA>, _ address: VirtualAddress, _ old: Ref<Page>
  ) throws(FaultError) {
    try prepare(vma)
    let copy = try services.newCopy(of: old)
    unmapPages(of: vma, VirtualRange(address, count: pageSize.bytes))
    markAnonymous(copy, vma, address)
    do { try install(copy, vma, address, isWritable: true, .write) } catch {
      services.pointee.pages.pointee.freePage(copy)
      throw error
    }
    resident.anonymous += PageCount(1)
  }

  /// Unmaps every page of a range of one area; frames nobody uses any more go to `batch`.
  ///
  /// Linux: `zap_pte_range()`, mm/memory.c.
  mutating func unmapPages(of vma: Ref<VMA>, _ range: VirtualRange) {
    resident.noteHighWater()
    var removed = TLBBatch()
    swap(&removed, &batch)
    var counts = resident
    let services = services
    let file = vma.pointee.file
    tables.unmap(range) { address, leaf in
      removed.add(address)
      let page = services.pointee.pages.pointee.page(of: leaf.frame)
      guard page != services.pointee.zeroPage else { return }
      page.pointee.mapCount -= 1
      if leaf.attributes.contains(.dirty), !page.pointee.isAnonymous {
        page.pointee.flags.insert(.dirty)
      }
      if page.pointee.isAnonymous {
        counts.anonymous -= PageCount(1)
      } else if file?.pointee.kind == .sharedMemory {
        counts.shared -= PageCount(1)
      } else {
        counts.file -= PageCount(1)
      }
      page.pointee.references -= 1
      if page.pointee.references == 0 { removed.add(page) }
    }
    swap(&removed, &batch)
    resident = counts
  }

  /// Whether a page belongs to this space alone and needs no copy before a write: it was never shared,
  /// or all others have let go of it.
  ///
  /// Linux: `wp_can_reuse_anon_folio()`, mm/memory.c.
  func isOwnAnonymous(_ page: Ref<Page>) -> Bool {
    page.pointee.isAnonymous
      && (page.pointee.flags.contains(.anonymousExclusive) || page.pointee.references == 1)
  }

  private mutating func copyIn(
    _ vma: Ref<VMA>, _ address: VirtualAddress, from cached: Ref<Page>
  ) throws(FaultError) {
    try prepare(vma)
    let copy = try services.newCopy(of: cached)
    markAnonymous(copy, vma, address)
    do { try install(copy, vma, address, isWritable: true, .write) } catch {
      services.pointee.pages.pointee.freePage(copy)
      throw error
    }
    resident.anonymous += PageCount(1)
  }

  private mutating func install(
    _ page: Ref<Page>, _ vma: Ref<VMA>, _ address: VirtualAddress, isWritable: Bool,
    _ access: MemoryAccess
  ) throws(FaultError) {
    var attributes = leafAttributes(for: vma.pointee)
    if !isWritable { attributes.remove(.write) }
    attributes.formUnion(access == .write ? [.accessed, .dirty] : .accessed)
    let frame = services.pointee.pages.pointee.frame(of: page)
    do { try tables.map(address, to: frame, attributes) } catch { throw .outOfMemory }
    if page != services.pointee.zeroPage { page.pointee.mapCount += 1 }
  }

  private mutating func prepare(_ vma: Ref<VMA>) throws(FaultError) {
    do { try prepareFamily(vma) } catch { throw .outOfMemory }
  }

  private func markAnonymous(_ page: Ref<Page>, _ vma: Ref<VMA>, _ address: VirtualAddress) {
    page.pointee.mapping = (vma.pointee.anonVMA?.address ?? 0) | Page.anonymousBit
    page.pointee.flags.insert(.anonymousExclusive)
    page.pointee.index = vma.pointee.pageOffset(of: address, pageSize)
  }

  private mutating func count(_ page: Ref<Page>, _ file: Ref<MappedFile>, _ pages: PageCount) {
    if file.pointee.kind == .sharedMemory {
      resident.shared += pages
    } else {
      resident.file += pages
    }
  }

  private func isInside(_ file: Ref<MappedFile>, _ index: UInt) -> Bool {
    let pages = (file.pointee.size &+ UInt64(pageSize.offsetMask)) >> UInt64(pageSize.shift)
    return UInt64(index) < pages
  }
}

extension Page {
  /// Marks `mapping` as a family of anonymous pages. Linux: `PAGE_MAPPING_ANON`.
  static var anonymousBit: UInt { 1 }

  /// Whether the page is private memory of some process. Linux: `PageAnon()`.
  public var isAnonymous: Bool { mapping & Page.anonymousBit != 0 }
}
