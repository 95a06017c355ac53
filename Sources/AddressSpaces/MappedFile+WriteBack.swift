internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// Dirty pages of a file go to its disk, and writes to them are noticed again.
extension Ref where Object == MemoryServices {
  /// Writes back the dirty pages of a part of a file: each becomes clean and is write-protected
  /// wherever it is mapped shared, so that the next write faults and marks it anew.
  ///
  /// What programs wrote behind the end of the file in its last page is zeroed on the way to the disk.
  /// Memory files have no disk and are left alone.
  ///
  /// - Parameters:
  ///   - first, last: Pages of the file, both included.
  ///   - settle: Called for each address space whose translations were narrowed: flushes its `batch`.
  ///
  /// O(dirty pages × their mappings). Linux: `filemap_write_and_wait_range()`, `folio_mkclean()`.
  public func writeBack(
    _ file: Ref<MappedFile>, from first: UInt, through last: UInt,
    settle: (Ref<AddressSpace>) -> Void
  ) {
    guard file.pointee.kind == .regular else { return }
    var next = file.pointee.cache.first(atOrAfter: first)
    while let entry = next, entry.index <= last {
      if let page = page(atAddress: entry.value), page.pointee.flags.contains(.dirty) {
        page.pointee.flags.remove(.dirty)
        protectMappings(of: file, page: entry.index, settle: settle)
        clearTailOnDisk(of: file, page: entry.index)
      }
      guard entry.index < last else { return }
      next = file.pointee.cache.first(atOrAfter: entry.index + 1)
    }
  }

  /// Linux: `page_mkclean_one()`, mm/rmap.c.
  private func protectMappings(
    of file: Ref<MappedFile>, page index: UInt, settle: (Ref<AddressSpace>) -> Void
  ) {
    file.pointee.mappings.forEachOverlap(index, through: index) { vma in
      guard vma.pointee.flags.contains(.shared), let space = vma.pointee.space else { return }
      let pageSize = space.pointee.pageSize
      let distance = pageSize.bytes(in: PageCount(index - vma.pointee.pageOffset))
      let range = VirtualRange(vma.pointee.start + distance, count: pageSize.bytes)
      space.pointee.tables.protect(range) { $0.subtracting([.write, .dirty]) }
      space.pointee.batch.add(range)
      settle(space)
    }
  }

  private func clearTailOnDisk(of file: Ref<MappedFile>, page index: UInt) {
    let pageSize = pointee.pages.pointee.directMap.pageSize
    if file.pointee.size >> UInt64(pageSize.shift) == UInt64(index) {
      clearTail(of: file, from: file.pointee.size)
    }
  }
}
