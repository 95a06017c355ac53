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
}
