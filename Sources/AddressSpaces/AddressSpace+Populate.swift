internal import Machine
public import MemoryTypes
internal import PageTables

extension AddressSpace {
  /// Brings in the pages of a range as far as they can be had; failures are not the caller's.
  ///
  /// Writable private areas get their own pages, others what a read would. Such faults count as minor
  /// ones. Linux: `mm_populate()`, mm/gup.c.
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

  /// Brings in all pages of a range, and stops where one cannot be had.
  ///
  /// - Throws: `accessDenied` for memory that nobody may use, `beyondFile`, `outOfMemory`,
  ///   `notMapped` for a guard marker; what came before is there.
  ///
  /// Linux: `__mm_populate()` with errors.
  mutating func populateAll(_ range: VirtualRange) throws(FaultError) {
    var position = range.start
    while position < range.end, let vma = vmas.vma(atOrAfter: position),
      vma.pointee.start < range.end
    {
      let part = VirtualRange(max(position, vma.pointee.start), min(vma.pointee.end, range.end))
      try bringIn(vma, part)
      position = part.end
    }
  }

  /// Populates a part of one area until memory or the file comes to an end.
  mutating func populateArea(_ vma: Ref<VMA>, _ part: VirtualRange) {
    do { try bringIn(vma, part) } catch { return }
  }

  /// Linux: `populate_vma_page_range()`: memory that is locked page by page waits for its faults, and
  /// frames without a `Page` are there anyway.
  private mutating func bringIn(_ vma: Ref<VMA>, _ part: VirtualRange) throws(FaultError) {
    let flags = vma.pointee.flags
    guard flags.isDisjoint(with: [.device, .rawFrames, .lockOnFault]) else { return }
    guard !flags.isDisjoint(with: .access) else { throw .accessDenied }
    let writes = flags.intersection([.write, .shared]) == .write
    try bringIn(vma, part, for: writes ? .write : .read)
  }

  /// `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE`: as if the program accessed each page.
  ///
  /// - Throws: `invalidArgument` for an area that forbids the access, `outOfMemory` for a hole or for
  ///   want of a frame, `badAddress` where the access would be a signal. What came before is there.
  ///
  /// Linux: `madvise_populate()`, mm/madvise.c; `faultin_page_range()`, mm/gup.c.
  mutating func populate(
    _ range: VirtualRange, for access: MemoryAccess
  ) throws(MapError) {
    let needed: VMAFlags = access == .write ? .write : .read
    var position = range.start
    while position < range.end {
      guard let vma = vmas.vma(at: position) else { throw .outOfMemory }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      guard vma.pointee.flags.isDisjoint(with: [.device, .rawFrames]),
        vma.pointee.flags.contains(needed)
      else { throw .invalidArgument }
      do { try bringIn(vma, part, for: access) } catch {
        throw error == .outOfMemory ? .outOfMemory : .badAddress
      }
      position = part.end
    }
  }

  private mutating func bringIn(
    _ vma: Ref<VMA>, _ part: VirtualRange, for access: MemoryAccess
  ) throws(FaultError) {
    var address = part.start
    while address < part.end {
      if !isPopulated(address, forWriting: access == .write) {
        _ = try servePage(vma, address, access)
        faults.minor += 1
      }
      address = address + pageSize.bytes
    }
  }

  private func isPopulated(_ address: VirtualAddress, forWriting: Bool) -> Bool {
    guard let leaf = tables.leaf(at: address) else { return false }
    return !forWriting || leaf.attributes.contains(.write)
  }
}
