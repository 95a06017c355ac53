extension Bitmap {
  /// Traps with a message unless the bits of the last word behind `count` are clear. O(1).
  public func checkInvariants() {
    let used = count % UInt.bitWidth
    guard used > 0 else { return }
    precondition(word(wordCount - 1) >> UInt(used) == 0, "bitmap: a bit behind the end is set")
  }
}
