internal import MemoryTypes

/// Where an area may fit, told from hints alone. Under the allocator's lock.
extension Ref where Object == PerCPUChunk {
  /// Where to look for a free area of `count` bits on a multiple of `alignment`; nil for nowhere.
  /// With `populatedOnly`, in pages that have frames. O(pages).
  ///
  /// Linux: `pcpu_find_block_fit()`.
  func findFit(of count: Int, alignedTo alignment: Int, populatedOnly: Bool) -> Int? {
    let hint = pointee.hint
    // Conservative as in Linux: another run of the same length might be better aligned.
    guard toBoundary(hint.longestStart, alignment) + count <= hint.longest else { return nil }
    var from = hint.firstFree
    while let fit = nextFit(of: count, alignedTo: alignment, from: from) {
      guard populatedOnly, let missing = firstUnpopulated(fit) else { return fit.lowerBound }
      guard let next = pointee.populated.firstSet(from: missing) else { return nil }
      from = max(next * pointee.bitsPerPage, fit.lowerBound + 1)
    }
    return nil
  }

  /// The first free run at or behind `from`, in a page or across some, that an area fits into.
  ///
  /// Linux: `pcpu_next_fit_region()`.
  private func nextFit(of count: Int, alignedTo alignment: Int, from: Int) -> Range<Int>? {
    let size = pointee.bitsPerPage
    var offset = from % size
    // Where the free run begins that reaches the end of the page before.
    var open: Int?
    for page in from / size..<max(pointee.pageCount, from / size) {
      let hint = pointee.hint(ofPage: page)
      let start = page * size
      if let run = open {
        if start + hint.leftFree - run >= count { return run..<start + hint.leftFree }
        if hint.leftFree == size { continue }
        open = nil
      }
      let shift = toBoundary(hint.longestStart, alignment)
      if hint.longest > 0, hint.longestStart >= offset, hint.longest >= shift + count {
        let first = start + max(hint.firstFree, offset)
        return first..<start + hint.longestStart + shift + count
      }
      let tail = max(size - hint.rightFree, offset)
      let aligned = tail + toBoundary(tail, alignment)
      if size - aligned >= count { return start + aligned..<start + size }
      open = aligned < size ? start + aligned : nil
      offset = 0
    }
    return nil
  }

  /// The first page of `bits` that has no frames.
  func firstUnpopulated(_ bits: Range<Int>) -> Int? {
    let pages = pointee.pages(of: bits)
    guard let page = pointee.populated.firstClear(from: pages.lowerBound) else { return nil }
    return page < pages.upperBound ? page : nil
  }

  private func toBoundary(_ bit: Int, _ alignment: Int) -> Int { (0 &- bit) & (alignment &- 1) }
}
