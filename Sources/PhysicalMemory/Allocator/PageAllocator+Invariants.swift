internal import MemoryTypes

extension PageAllocator {
  /// Traps unless every frame of the zone is free in exactly one block, or allocated, or reserved,
  /// and the counts agree. O(frames), under the zone lock.
  public func checkInvariants() {
    zone.buddy.withLock { $0.checkInvariants() }
    precondition(zone.managedPages <= zone.presentPages, "more frames managed than present")
    precondition(zone.presentPages <= zone.spannedPages, "more frames present than spanned")
  }
}
