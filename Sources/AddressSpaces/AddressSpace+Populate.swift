internal import Machine
public import MemoryTypes
internal import PageTables

extension AddressSpace {
  /// Brings in the pages of a range as far as they can be had; failures are not the caller's.
  ///
  /// Writable private areas get their own pages, others what a read would. Such faults count as minor
  /// ones. Linux: `__mm_populate()`, mm/gup.c.
  public mutating func populate(_ range: VirtualRange) {
    var position = range.start
    while position < range.end, let vma = vmas.vma(atOrAfter: position),
      vma.pointee.start < range.end
    {
      let part = VirtualRange(max(position, vma.pointee.start), min(vma.pointee.end, range.end))
      populateArea(vma, part)
      position = part.end
    }
  }

  /// Populates a part of one area until memory or the file comes to an end.
  ///
  /// Linux: `populate_vma_page_range()`.
  mutating func populateArea(_ vma: Ref<VMA>, _ part: VirtualRange) {
    let flags = vma.pointee.flags
    guard !flags.isDisjoint(with: .access) else { return }
    let writes = flags.intersection([.write, .shared]) == .write
    var address = part.start
    while address < part.end {
      if !isPopulated(address, forWriting: writes) {
        do {
          _ = try servePage(vma, address, writes ? .write : .read)
          faults.minor += 1
        } catch { return }
      }
      address = address + pageSize.bytes
    }
  }

  private func isPopulated(_ address: VirtualAddress, forWriting: Bool) -> Bool {
    guard let leaf = tables.leaf(at: address) else { return false }
    return !forWriting || leaf.attributes.contains(.write)
  }
}
