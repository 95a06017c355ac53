internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension AddressSpace {
  /// Says of each page of a range, upwards, whether it is in memory.
  ///
  /// Pages of files count when they are in the page cache, mapped or not. Of a file that the caller may
  /// not write nothing is given away: all its pages are said to be there.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up.
  /// - Throws: `invalidArgument` for a misaligned start; `outOfMemory` at a hole, with the pages in
  ///   front of it reported.
  ///
  /// Linux: `mincore()`, mm/mincore.c.
  public func mincore(
    _ start: VirtualAddress, _ length: ByteCount, _ report: (Bool) -> Void
  ) throws(MapError) {
    let start = layout.untagged(start)
    guard pageSize.isAligned(start) else { throw .invalidArgument }
    guard start.rawValue <= layout.taskSize.rawValue,
      length.rawValue <= layout.taskSize.rawValue &- start.rawValue
    else { throw .outOfMemory }
    let end = start + pageSize.bytes(in: pageSize.pages(in: length))
    var address = start
    while address < end {
      guard let vma = vmas.vma(at: address) else { throw .outOfMemory }
      let part = VirtualRange(address, min(vma.pointee.end, end))
      reportPages(of: vma, part, report)
      address = part.end
    }
  }

  private func reportPages(
    of vma: Ref<VMA>, _ part: VirtualRange, _ report: (Bool) -> Void
  ) {
    let isSecret = vma.pointee.file.map { !$0.pointee.isWritableByCaller } ?? false
    var address = part.start
    while address < part.end {
      report(isSecret || vma.pointee.special != .none || isInMemory(vma, address))
      address = address + pageSize.bytes
    }
  }

  /// Linux: `mincore_pte_range()`, `mincore_page()`.
  private func isInMemory(_ vma: Ref<VMA>, _ address: VirtualAddress) -> Bool {
    if tables.leaf(at: address) != nil { return true }
    guard let file = vma.pointee.file else { return false }
    let index = vma.pointee.pageOffset(of: address, pageSize)
    return file.pointee.cache.value(at: index) != 0
  }
}
