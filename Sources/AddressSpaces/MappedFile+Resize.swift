internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// A file gets shorter or longer under its mappings.
extension Ref where Object == MemoryServices {
  /// Gives a file another size, unmaps what lies beyond it in every address space and forgets its pages.
  ///
  /// Private copies of pages beyond the new end go too; those of the page that the end lies in stay. The
  /// rest of that page reads as zeros from now on; when a file of a disk gets longer, the rest of the
  /// page of its old end does, which programs may have written to.
  ///
  /// - Parameter settle: Called for each address space that lost translations: flushes its `batch`.
  ///   Pages of the file are freed afterwards.
  ///
  /// Lock: that of each address space is taken by `settle`'s owner; the spaces must not be in a call.
  /// Linux: `truncate_setsize()`, mm/truncate.c; `shmem_setattr()`; `ext4_setattr()`.
  public func resize(
    _ file: Ref<MappedFile>, to size: UInt64, settle: (Ref<AddressSpace>) -> Void
  ) {
    let old = file.pointee.size
    file.pointee.size = size
    if size > old {
      if file.pointee.kind == .regular { clearTail(of: file, from: old) }
      return
    }
    guard size < old else { return }
    let pageSize = pointee.pages.pointee.directMap.pageSize
    let first = (size &+ UInt64(pageSize.offsetMask)) >> UInt64(pageSize.shift)
    let firstGone = UInt(truncatingIfNeeded: first)
    unmapMappings(of: file, from: firstGone, settle: settle)
    clearTail(of: file, from: size)
    dropCache(of: file, from: firstGone) { pointee.pages.pointee.freePage($0) }
  }

  /// Takes the pages from `first` on out of all mappings, private copies included.
  ///
  /// Linux: `unmap_mapping_range()`, mm/memory.c.
  private func unmapMappings(
    of file: Ref<MappedFile>, from first: UInt, settle: (Ref<AddressSpace>) -> Void
  ) {
    file.pointee.mappings.forEachOverlap(first, through: .max) { vma in
      guard let space = vma.pointee.space else { return }
      let pageSize = space.pointee.pageSize
      let hidden = first > vma.pointee.pageOffset ? first - vma.pointee.pageOffset : 0
      let start = vma.pointee.start + pageSize.bytes(in: PageCount(hidden))
      space.pointee.unmapPages(of: vma, VirtualRange(start, vma.pointee.end))
      settle(space)
    }
  }
}
