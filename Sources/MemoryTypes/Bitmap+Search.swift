extension Bitmap {
  /// The first set bit at or behind `start`; nil for none. O(words). Linux: `find_next_bit()`.
  ///
  /// `start` may be any number from 0; from `count` on there is nothing to find.
  public func firstSet(from start: Int = 0) -> Int? {
    first(from: start, flippedBy: 0)
  }

  /// The first clear bit at or behind `start`; nil for none. O(words).
  ///
  /// Linux: `find_next_zero_bit()`.
  public func firstClear(from start: Int = 0) -> Int? {
    first(from: start, flippedBy: .max)
  }

  /// The last set bit before `end`, or of all; nil for none. O(words). Linux: `find_last_bit()`.
  public func lastSet(before end: Int = .max) -> Int? {
    let end = min(end, count)
    guard end > 0 else { return nil }
    var index = (end &- 1) / UInt.bitWidth
    var candidates = word(index) & (UInt.max &>> (0 &- UInt(bitPattern: end)))
    while candidates == 0 {
      guard index > 0 else { return nil }
      index &-= 1
      candidates = word(index)
    }
    return index &* UInt.bitWidth &+ (UInt.bitWidth &- 1 &- candidates.leadingZeroBitCount)
  }

  /// The first run of `length` clear bits at or behind `start` that begins on a boundary; nil for
  /// none.
  ///
  /// Boundaries are the bits `b` for which `b + offset` is a multiple of `alignment`, a power of
  /// two: an `offset` says where bit 0 itself stands, as CMA needs for an area that does not begin
  /// on its alignment. `length` is at least 1. O(words) for long runs, O(runs) for short ones.
  /// Linux: `bitmap_find_next_zero_area_off()`, lib/bitmap.c.
  public func firstClearArea(
    of length: Int, from start: Int = 0, alignedTo alignment: Int = 1, offset: Int = 0
  ) -> Int? {
    precondition(length > 0, "an area has at least one bit")
    precondition(alignment > 0 && alignment & (alignment &- 1) == 0, "not a power of two")
    var cursor = start
    while let clear = firstClear(from: cursor) {
      let toBoundary = (0 &- clear &- offset) & (alignment &- 1)
      guard toBoundary <= count &- clear, length <= count &- clear &- toBoundary else { return nil }
      let place = clear &+ toBoundary
      guard let obstacle = firstSet(from: place), obstacle < place &+ length else { return place }
      cursor = obstacle &+ 1
    }
    return nil
  }

  @inline(__always)
  private func first(from start: Int, flippedBy flip: UInt) -> Int? {
    precondition(start >= 0, "a bit has no negative number")
    guard start < count else { return nil }
    var index = start / UInt.bitWidth
    var candidates = (word(index) ^ flip) & (UInt.max &<< UInt(bitPattern: start))
    while candidates == 0 {
      index &+= 1
      guard index < wordCount else { return nil }
      candidates = word(index) ^ flip
    }
    let bit = index &* UInt.bitWidth &+ candidates.trailingZeroBitCount
    return bit < count ? bit : nil
  }
}
