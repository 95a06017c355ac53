/// Which leaves a range of memory is mapped with.
@frozen
public enum LeafSizes: UInt8, Hashable, Sendable {
  /// Base pages only: what must be unmapped piece by piece.
  case pages
  /// The largest that addresses and frames allow, and contiguous groups of them.
  case largest
}
