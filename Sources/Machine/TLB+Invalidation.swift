public import MemoryTypes

extension TLB {
  /// Forgets the page that holds `address`: that of `asid`, and a global one.
  public mutating func invalidate(_ address: VirtualAddress, asid: ASID) {
    let tag = pageSize.roundDown(address).rawValue | 1
    removeAll { $0.matches(tag, asid) }
  }

  /// Forgets all pages of `asid` that are not global.
  public mutating func invalidate(asid: ASID) {
    removeAll { $0.asidMask != 0 && $0.asid == asid.rawValue }
  }

  /// Forgets everything.
  public mutating func invalidateAll() {
    removeAll { _ in true }
  }

  private mutating func removeAll(where matches: (TLBEntry) -> Bool) {
    for index in 0..<entryCount where unsafe matches(entries[index]) {
      unsafe entries[index] = .free
    }
  }
}
