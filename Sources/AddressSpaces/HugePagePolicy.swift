internal import Machine
internal import MemoryTypes
internal import PageTables

/// Which anonymous memory may have huge pages. Linux: `transparent_hugepage/enabled`.
public enum HugePagePolicy: UInt8, Sendable {
  case never, madvise, always
}

extension AddressSpace {
  /// Whether a fault on anonymous memory tries a huge page first: one fits around the address, nothing is
  /// mapped there, and the area wants it.
  ///
  /// Even a read then founds a family for the area, before the page is found not to be needed; without
  /// one it would merge as untouched memory does. Linux: `do_huge_pmd_anonymous_page()`,
  /// mm/huge_memory.c.
  func triesHugePage(_ vma: Ref<VMA>, _ address: VirtualAddress) -> Bool {
    let flags = vma.pointee.flags
    let wants =
      switch services.pointee.hugePages {
      case .never: false
      case .madvise: flags.contains(.hugePages)
      case .always: true
      }
    guard wants, !flags.contains(.noHugePages) else { return false }
    let size: UInt = 1 << (2 * UInt(pageSize.shift) - 3)
    let start = VirtualAddress(address.rawValue & ~(size - 1))
    guard start >= vma.pointee.start, vma.pointee.end.rawValue - start.rawValue >= size else {
      return false
    }
    return tables.walk(address).level > .pte
  }
}
