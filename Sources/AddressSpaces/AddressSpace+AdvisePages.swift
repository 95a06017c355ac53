internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// Advices that act on the pages of a range, not on its VMAs.
extension AddressSpace {
  /// Forgets the pages: the next access finds zeros, or the file's page.
  ///
  /// Linux: `madvise_dontneed_single_vma()`, mm/madvise.c.
  mutating func discard(
    _ vma: Ref<VMA>, _ part: VirtualRange, evenLocked: Bool
  ) throws(MapError) {
    let forbidden: VMAFlags = evenLocked ? .rawFrames : [.rawFrames, .locked]
    guard vma.pointee.flags.isDisjoint(with: forbidden) else { throw .invalidArgument }
    unmapPages(of: vma, part)
  }

  /// Marks private pages as good to take when memory is short, unless they are written again.
  ///
  /// Linux: `madvise_free_single_vma()`.
  mutating func makeLazilyFree(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    guard vma.pointee.flags.isDisjoint(with: [.rawFrames, .locked]), vma.pointee.isAnonymous else {
      throw .invalidArgument
    }
    batch.add(part)
    tables.protect(part) { $0.subtracting([.accessed, .dirty]) }
  }

  /// Lets the pages look long unused. What becomes of them is the reclaimer's business.
  ///
  /// Linux: `madvise_cold()`, `madvise_pageout()`.
  mutating func age(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    guard vma.pointee.flags.isDisjoint(with: [.locked, .rawFrames, .hugeTLB]) else {
      throw .invalidArgument
    }
    guard !vma.pointee.flags.contains(.device) else { return }
    batch.add(part)
    tables.protect(part) { $0.subtracting(.accessed) }
  }

  /// Brings pages of a file into memory, as far as there is any; nobody waits for them.
  ///
  /// Memory without a disk behind it has nothing to read ahead but what was swapped out.
  /// Linux: `madvise_willneed()`, `vfs_fadvise()`.
  mutating func readAhead(_ vma: Ref<VMA>, _ part: VirtualRange) {
    guard let file = vma.pointee.file, file.pointee.kind == .regular else { return }
    var index = vma.pointee.pageOffset(of: part.start, pageSize)
    let last = index &+ pageCount(part).rawValue
    let size = file.pointee.size >> UInt64(pageSize.shift)
    let partial: UInt64 = file.pointee.size & UInt64(pageSize.offsetMask) == 0 ? 0 : 1
    while index < last, UInt64(index) < size &+ partial {
      guard (try? services.cachedPage(file, index)) != nil else { return }
      index &+= 1
    }
  }

  /// Makes a range of a shared file a hole: its pages go, for everybody who maps them.
  ///
  /// - Throws: `invalidArgument` for locked or private anonymous memory, `accessDenied` for a mapping
  ///   that is private or not writable.
  ///
  /// Linux: `madvise_remove()`, `vfs_fallocate()`.
  mutating func punchHole(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    guard !vma.pointee.flags.contains(.locked), let file = vma.pointee.file else {
      throw .invalidArgument
    }
    guard vma.pointee.flags.isSuperset(of: [.shared, .mayWrite]) else { throw .accessDenied }
    let first = vma.pointee.pageOffset(of: part.start, pageSize)
    let offset = UInt64(first) << UInt64(pageSize.shift)
    guard offset <= UInt64(Int64.max) &- UInt64(part.count.rawValue) else { throw .fileTooLarge }
    guard file.pointee.kind != .device else { throw .unsupportedFlag }
    dropFilePages(file, first, pageCount(part))
  }

  /// Whether every huge page of the range could be made one piece. It is not made yet: that belongs to
  /// huge pages.
  ///
  /// - Throws: `invalidArgument` for an area that cannot hold a huge page, or a block of the range with
  ///   no page in it at all.
  ///
  /// Linux: `madvise_collapse()`, mm/khugepaged.c.
  mutating func collapse(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    let huge = layout.hugePageSize.rawValue
    guard huge > 0, holdsHugePage(vma.pointee, huge) else { throw .invalidArgument }
    var start = (part.start.rawValue &+ huge &- 1) & ~(huge &- 1)
    let end = part.end.rawValue & ~(huge &- 1)
    guard start <= end else { throw .invalidArgument }
    while start < end {
      let block = VirtualRange(VirtualAddress(start), count: ByteCount(huge))
      guard vma.pointee.file != nil || hasPages(block) else { throw .invalidArgument }
      start &+= huge
    }
  }

  /// Linux: `thp_vma_allowable_order()`: an aligned block inside, and nothing that forbids it.
  private func holdsHugePage(_ area: VMA, _ huge: UInt) -> Bool {
    guard area.flags.isDisjoint(with: VMAFlags.special.union([.noHugePages, .hugeTLB])),
      area.special == .none, area.range.count.rawValue >= huge
    else { return false }
    if let file = area.file {
      guard file.pointee.kind == .sharedMemory,
        (area.pageOffset &- pageSize.pageNumber(of: area.start))
          & ((huge >> UInt(pageSize.shift)) &- 1) == 0
      else { return false }
    }
    return (area.end.rawValue &- huge) & ~(huge &- 1) >= area.start.rawValue
  }

  private func hasPages(_ range: VirtualRange) -> Bool {
    var found = false
    tables.forEachLeaf(in: range) { _, _ in found = true }
    return found
  }

  /// Takes pages of a file out of its cache and out of every area here that shows them.
  ///
  /// Copies that a private mapping made of them stay. Linux: `truncate_pagecache_range()`.
  private mutating func dropFilePages(_ file: Ref<MappedFile>, _ first: UInt, _ count: PageCount) {
    let last = first &+ count.rawValue &- 1
    var area = vmas.first
    while let vma = area {
      area = vmas.next(vma)
      guard vma.pointee.file == file else { continue }
      unmapCachedPages(of: vma, first, last)
    }
    while let entry = file.pointee.cache.first(atOrAfter: first), entry.index <= last {
      services.forgetCachedPage(file, entry.index, into: &batch)
    }
  }

  private mutating func unmapCachedPages(of vma: Ref<VMA>, _ first: UInt, _ last: UInt) {
    var address = vma.pointee.start
    var index = vma.pointee.pageOffset
    if index < first {
      let skipped = PageCount(min(first &- index, pageCount(vma.pointee.range).rawValue))
      address = address + pageSize.bytes(in: skipped)
      index = first
    }
    while address < vma.pointee.end, index <= last {
      let page = VirtualRange(address, count: pageSize.bytes)
      if let leaf = tables.leaf(at: address),
        !services.pointee.pages.pointee.page(of: leaf.frame).pointee.isAnonymous
      {
        unmapPages(of: vma, page)
      }
      address = page.end
      index &+= 1
    }
  }
}

extension Ref where Object == MemoryServices {
  /// Takes one page out of a file's cache; it is free once the batch is flushed and nobody else holds it.
  func forgetCachedPage(_ file: Ref<MappedFile>, _ index: UInt, into batch: inout TLBBatch) {
    guard let page = page(atAddress: file.pointee.cache.remove(at: index)) else { return }
    page.pointee.references -= 1
    if page.pointee.references == 0 { batch.add(page) }
  }
}
