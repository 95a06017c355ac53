public import MemoryTypes

extension MMU {
  /// The first address whose cached translation in the current address space allows what the
  /// tables no longer do, or leads elsewhere; nil if every entry is still true.
  ///
  /// This is how a forgotten invalidation shows. Entries of other ASIDs are not judged.
  /// - Complexity: one walk per entry of the TLB; nothing is counted or changed.
  public func firstStaleTranslation() -> VirtualAddress? {
    for index in 0..<tlb.entryCount {
      let entry = unsafe tlb.entries[index]
      guard entry.tag != 0, (entry.asid ^ asid.rawValue) & entry.asidMask == 0 else { continue }
      let address = VirtualAddress(entry.tag & ~1)
      if !isTrue(entry, at: address) { return address }
    }
    return nil
  }

  private func isTrue(_ entry: TLBEntry, at address: VirtualAddress) -> Bool {
    let walk = walkTables(address)
    guard walk.outcome == .leaf else { return false }
    let offset = UInt64(format.pageSize.offsetMask)
    let within = UInt64(address.rawValue) & ((1 << UInt64(format.shift(of: walk.level))) &- 1)
    let block = format.pageSize.address(of: format.frame(in: walk.descriptor, at: walk.level))
    guard entry.frame & ~offset == (block.rawValue | within) & ~offset else { return false }
    return entry.frame & offset & ~permissions(of: walk) == 0
  }
}
