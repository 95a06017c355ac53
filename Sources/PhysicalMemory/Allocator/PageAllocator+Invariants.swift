internal import MemoryTypes

extension PageAllocator {
  /// Traps unless every frame of every zone is free in exactly one block, or allocated, or reserved,
  /// and all counts agree. O(frames), under the locks; while nobody allocates.
  public func checkInvariants() {
    for zone in zones {
      zone.pointee.checkPerCPULists()
      let kept = zone.pointee.perCPUPages
      zone.pointee.withFreeLists(on: 0) { $0.checkInvariants(kept: kept) }
      precondition(
        zone.pointee.managedPages <= zone.pointee.presentPages, "more frames managed than present")
      precondition(
        zone.pointee.presentPages <= zone.pointee.spannedPages, "more frames present than spanned")
    }
  }
}
