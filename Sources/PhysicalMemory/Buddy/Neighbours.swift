internal import MemoryTypes

/// The two descriptors that decide where a freed block goes.
struct Neighbours {
  /// That of the block which it merges with, if that is free.
  let buddy: Ref<Page>
  /// That of the block which both together would merge with.
  let buddyOfBoth: Ref<Page>

  @inline(__always)
  init(of frame: PageFrameNumber, _ order: Order, in pages: PageArray) {
    let block = AlignedBlock(frame, order)
    buddy = pages[block.buddy]
    buddyOfBoth = pages[block.buddyOfBoth]
  }

  @inline(__always)
  func prefetch() {
    buddy.prefetch()
    buddyOfBoth.prefetch()
  }
}
