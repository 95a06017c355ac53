public import Machine
public import MemoryTypes

/// Where page tables get their frames from.
///
/// The page allocator once it stands; before that, at boot, whatever hands out frames. A copyable
/// handle of about a word, kept in each `PageTable`.
public protocol TableFrameSource {
  /// How to reach the frames it hands out.
  var directMap: DirectMap { get }

  /// A frame of RAM filled with 0. Linux: `__pud_alloc_one()` and its like.
  func allocateTableFrame() throws(AllocationError) -> PageFrameNumber

  /// Takes back a frame that `allocateTableFrame()` gave.
  func freeTableFrame(_ frame: PageFrameNumber)
}
