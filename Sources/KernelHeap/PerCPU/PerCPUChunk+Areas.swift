internal import MemoryTypes

/// Areas come and go. Under the allocator's lock.
extension Ref where Object == PerCPUChunk {
  /// Takes the first area of `count` bits from `start` on that begins on a multiple of `alignment`
  /// and lies within a page and its own length; its first bit.
  ///
  /// Linux: `pcpu_alloc_area()`.
  func takeArea(of count: Int, alignedTo alignment: Int, from start: Int) -> Int? {
    let end = min(start + count + pointee.bitsPerPage, pointee.capacity)
    guard
      let bit = pointee.used.firstClearArea(of: count, from: start, alignedTo: alignment),
      bit + count <= end
    else { return nil }
    markUsed(bit..<bit + count)
    pointee.allocationCount += 1
    pointee.largestAllocation = max(pointee.largestAllocation, UInt(count * PerCPUUnits.bytes))
    return bit
  }

  /// Ends the area that starts at `bit`; its bits. Nil when none starts there.
  ///
  /// Linux: `pcpu_free_area()`.
  func giveArea(at bit: Int) -> Range<Int>? {
    guard let bits = area(at: bit) else { return nil }
    markFree(bits)
    pointee.allocationCount -= 1
    return bits
  }

  /// The bits of the area that starts at `bit`.
  func area(at bit: Int) -> Range<Int>? {
    guard bit < pointee.capacity, pointee.bounds.contains(bit), pointee.used.contains(bit),
      let end = pointee.bounds.firstSet(from: bit + 1)
    else { return nil }
    return bit..<end
  }

  /// Linux: `pcpu_block_update_hint_alloc()`.
  func markUsed(_ bits: Range<Int>) {
    pointee.used.set(bits)
    pointee.bounds.set(bits.lowerBound)
    pointee.bounds.set(bits.upperBound)
    pointee.bounds.clear(bits.lowerBound + 1..<bits.upperBound)
    pointee.freeBits -= bits.count
    for page in pointee.pages(of: bits) { notePageUsed(page, bits) }
    updateChunkAfterUse(bits)
  }

  /// Linux: `pcpu_block_update_hint_free()`.
  private func markFree(_ bits: Range<Int>) {
    pointee.used.clear(bits)
    // Bounds in what is free are harmless: whoever takes it writes them anew.
    pointee.freeBits += bits.count
    var reachesBorder = false
    var free = bits
    for page in pointee.pages(of: bits) {
      free = notePageFree(page, bits)
      let whole = pointee.bits(ofPage: page)
      if free.lowerBound == whole.lowerBound || free.upperBound == whole.upperBound {
        reachesBorder = true
      }
    }
    if reachesBorder { refreshChunkHint() } else { addToChunk(free) }
  }

  private func addToChunk(_ free: Range<Int>) {
    pointee.hint.add(free, of: pointee.capacity)
  }

  private func notePageUsed(_ page: Int, _ bits: Range<Int>) {
    let whole = pointee.bits(ofPage: page)
    let here = bits.clamped(to: whole)
    let local = here.lowerBound - whole.lowerBound..<here.upperBound - whole.lowerBound
    var hint = pointee.hint(ofPage: page)
    let count = pointee.bitsPerPage
    if hint.longest == count && pointee.populated.contains(page) {
      pointee.emptyPopulatedCount -= 1
    }
    let longest = hint.longestStart..<hint.longestStart + hint.longest
    if longest.overlaps(local) {
      hint = scan(page)
    } else {
      hint.leftFree = min(hint.leftFree, local.lowerBound)
      hint.rightFree = min(hint.rightFree, count - local.upperBound)
      if hint.firstFree == local.lowerBound {
        hint.firstFree = firstFree(from: here.upperBound, whole) - whole.lowerBound
      }
    }
    pointee.setHint(ofPage: page, hint)
  }

  /// The run of free bits in the page that freed bits are now part of.
  private func notePageFree(_ page: Int, _ bits: Range<Int>) -> Range<Int> {
    let whole = pointee.bits(ofPage: page)
    let here = bits.clamped(to: whole)
    let before = pointee.used.lastSet(before: here.lowerBound).map { $0 + 1 } ?? 0
    let after = pointee.used.firstSet(from: here.upperBound) ?? whole.upperBound
    let run = max(before, whole.lowerBound)..<min(after, whole.upperBound)
    var hint = pointee.hint(ofPage: page)
    hint.add(
      run.lowerBound - whole.lowerBound..<run.upperBound - whole.lowerBound,
      of: pointee.bitsPerPage)
    pointee.setHint(ofPage: page, hint)
    if hint.longest == pointee.bitsPerPage && pointee.populated.contains(page) {
      pointee.emptyPopulatedCount += 1
    }
    return run
  }

  /// What a look at every free run of a page tells. Linux: `pcpu_block_refresh_hint()`.
  func scan(_ page: Int) -> PerCPUHint {
    let whole = pointee.bits(ofPage: page)
    var hint = PerCPUHint.full(pointee.bitsPerPage)
    var bit = firstFree(from: whole.lowerBound, whole)
    while bit < whole.upperBound {
      let end = min(pointee.used.firstSet(from: bit) ?? whole.upperBound, whole.upperBound)
      hint.add(
        bit - whole.lowerBound..<end - whole.lowerBound, of: pointee.bitsPerPage)
      bit = firstFree(from: end, whole)
    }
    return hint
  }

  private func firstFree(from bit: Int, _ whole: Range<Int>) -> Int {
    min(pointee.used.firstClear(from: bit) ?? whole.upperBound, whole.upperBound)
  }

  private func updateChunkAfterUse(_ bits: Range<Int>) {
    let longest =
      pointee.hint.longestStart..<pointee.hint.longestStart + pointee.hint.longest
    if longest.overlaps(bits) { return refreshChunkHint() }
    let capacity = pointee.capacity
    pointee.hint.leftFree = min(pointee.hint.leftFree, bits.lowerBound)
    pointee.hint.rightFree = min(pointee.hint.rightFree, capacity - bits.upperBound)
    if pointee.hint.firstFree == bits.lowerBound {
      pointee.hint.firstFree = pointee.used.firstClear(from: bits.upperBound) ?? capacity
    }
  }

  /// The hint of the whole from those of the pages. O(pages). Linux: `pcpu_chunk_refresh_hint()`.
  func refreshChunkHint() {
    pointee.hint = chunkHintFromPages()
  }

  func chunkHintFromPages() -> PerCPUHint {
    var whole = PerCPUHint.full(pointee.capacity)
    // Where the free run begins that reaches the end of the last page.
    var open: Int?
    for page in 0..<pointee.pageCount {
      let hint = pointee.hint(ofPage: page)
      let bits = pointee.bits(ofPage: page)
      let start = open ?? bits.lowerBound
      if hint.leftFree == bits.count {
        open = start
        continue
      }
      if start < bits.lowerBound + hint.leftFree {
        whole.add(start..<bits.lowerBound + hint.leftFree, of: pointee.capacity)
      }
      let longest = hint.longestStart..<hint.longestStart + hint.longest
      if !longest.isEmpty && longest.upperBound < bits.count {
        let first = bits.lowerBound + longest.lowerBound
        whole.add(first..<first + longest.count, of: pointee.capacity)
        if hint.firstFree < longest.lowerBound {
          whole.firstFree = min(whole.firstFree, bits.lowerBound + hint.firstFree)
        }
      } else if hint.firstFree < bits.count {
        whole.firstFree = min(whole.firstFree, bits.lowerBound + hint.firstFree)
      }
      open = hint.rightFree > 0 ? bits.upperBound - hint.rightFree : nil
    }
    if let open { whole.add(open..<pointee.capacity, of: pointee.capacity) }
    return whole
  }
}
