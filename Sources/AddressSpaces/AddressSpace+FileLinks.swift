public import MemoryTypes

/// Orders the VMAs that map a file by the pages of it that they show. Linux: `i_mmap`,
/// mm/interval_tree.c.
public enum FileMappingLinking: IntervalLinking {
  public static func link(of vma: Ref<VMA>) -> Ref<IntervalLink<VMA>> {
    // SAFETY: a stored property of an object in managed memory has a stable address.
    unsafe Ref(&vma.pointee.fileLink)
  }

  public static func start(of vma: Ref<VMA>) -> UInt { vma.pointee.pageOffset }

  public static func last(of vma: Ref<VMA>) -> UInt { vma.pointee.lastPageOffset }
}

extension AddressSpace {
  /// Moves a VMA's borders without passing a neighbour; each address goes on showing the same page.
  ///
  /// The VMA's place among the mappings of its file follows. O(log n). Linux: `vma_set_range()` between
  /// `vma_prepare()` and `vma_complete()`, mm/vma.c.
  mutating func setRange(_ vma: Ref<VMA>, _ range: VirtualRange) {
    unlinkFromFile(vma)
    vma.pointee.pageOffset = vma.pointee.pageOffset(of: range.start, pageSize)
    vmas.setRange(vma, range)
    linkToFile(vma)
  }

  /// Adds a VMA to the mappings of its file. Linux: `__vma_link_file()`.
  func linkToFile(_ vma: Ref<VMA>) {
    guard let file = vma.pointee.file else { return }
    vma.pointee.lastPageOffset =
      vma.pointee.pageOffset &+ pageCount(vma.pointee.range).rawValue &- 1
    file.pointee.mappings.insert(vma)
  }

  /// Takes a VMA out of the mappings of its file. Linux: `__remove_shared_vm_struct()`.
  func unlinkFromFile(_ vma: Ref<VMA>) {
    vma.pointee.file?.pointee.mappings.remove(vma)
  }
}
