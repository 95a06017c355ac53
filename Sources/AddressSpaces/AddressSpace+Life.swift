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
