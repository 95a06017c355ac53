public import MemoryTypes

extension TLBHierarchy {
  /// Forgets what `invalidation` names, on all levels.
  public mutating func forget(_ invalidation: TLBInvalidation) {
    let dropped =
      instruction.forget(invalidation) + data.forget(invalidation) + second.forget(invalidation)
      + secondInstruction.forget(invalidation) + walkCaches.forget(invalidation)
    droppedEntries &+= UInt64(dropped)
  }

  /// Forgets the page that holds `address`: that of `asid`, and a global one.
  public mutating func invalidate(_ address: VirtualAddress, asid: ASID) {
    forget(.vae1is(address, asid))
  }

  /// Forgets the pages of `range`: those of `asid`, and global ones.
  public mutating func invalidate(_ range: VirtualRange, asid: ASID) {
    guard !range.isEmpty else { return }
    forget(.rvae1is(range, asid))
  }

  /// Forgets all pages of `asid` that are not global.
  public mutating func invalidate(asid: ASID) { forget(.aside1is(asid)) }

  /// Forgets everything.
  public mutating func invalidateAll() { forget(.vmalle1is) }
}
