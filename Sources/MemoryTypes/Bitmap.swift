/// A row of bits in words of memory that somebody else owns.
///
/// The value is a handle, like `Ref`: copies see the same bits. Bit 0 is the lowest of the first
/// word. The bits of the last word behind `count` are always clear, so that searches and counts
/// take whole words.
///
/// Every bit number must lie in `0 ..< count`, else the call traps. Nothing is atomic: the lock of
/// the structure that holds the bits guards them. Linux: include/linux/bitmap.h, lib/find_bit.c.
@safe
public struct Bitmap: @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt>
  /// How many bits there are.
  public let count: Int

  /// The bits in `words`, which has `wordCount(for: count)` initialised words that outlive the
  /// value; what lies behind `count` is cleared.
  @unsafe
  public init(_ words: UnsafeMutablePointer<UInt>, count: Int) {
    precondition(count >= 0, "a bitmap has no negative count of bits")
    unsafe self.words = words
    self.count = count
    let used = count % UInt.bitWidth
    if used > 0 { unsafe words[wordCount &- 1] &= (1 &<< UInt(used)) &- 1 }
  }

  /// The words that `count` bits fill. Linux: `BITS_TO_LONGS()`.
  public static func wordCount(for count: Int) -> Int {
    count / UInt.bitWidth + (count % UInt.bitWidth == 0 ? 0 : 1)
  }

  /// Whether `bit` is set. Linux: `test_bit()`.
  @inline(__always)
  public func contains(_ bit: Int) -> Bool {
    unsafe words[index(of: bit)] & Self.mask(of: bit) != 0
  }

  /// Sets `bit`. Linux: `__set_bit()`.
  @inline(__always)
  public func set(_ bit: Int) {
    unsafe words[index(of: bit)] |= Self.mask(of: bit)
  }

  /// Clears `bit`. Linux: `__clear_bit()`.
  @inline(__always)
  public func clear(_ bit: Int) {
    unsafe words[index(of: bit)] &= ~Self.mask(of: bit)
  }

  /// Turns `bit` over and says whether it is set now. Linux: `__change_bit()`.
  @inline(__always)
  public func toggle(_ bit: Int) -> Bool {
    unsafe words[index(of: bit)] ^= Self.mask(of: bit)
    return contains(bit)
  }

  /// Sets all of `bits`, which lie in `0 ..< count`. O(words). Linux: `bitmap_set()`.
  public func set(_ bits: Range<Int>) {
    forEachWord(of: bits) { index, mask in unsafe words[index] |= mask }
  }

  /// Clears all of `bits`, which lie in `0 ..< count`. O(words). Linux: `bitmap_clear()`.
  public func clear(_ bits: Range<Int>) {
    forEachWord(of: bits) { index, mask in unsafe words[index] &= ~mask }
  }

  /// How many bits are set. O(words). Linux: `bitmap_weight()`.
  public var setCount: Int {
    var sum = 0
    for index in 0..<wordCount { unsafe sum &+= words[index].nonzeroBitCount }
    return sum
  }

  /// How many of `bits`, which lie in `0 ..< count`, are set. O(words).
  public func setCount(in bits: Range<Int>) -> Int {
    var sum = 0
    forEachWord(of: bits) { index, mask in
      unsafe sum &+= (words[index] & mask).nonzeroBitCount
    }
    return sum
  }

  var wordCount: Int { Self.wordCount(for: count) }

  func word(_ index: Int) -> UInt { unsafe words[index] }

  @inline(__always)
  private func index(of bit: Int) -> Int {
    precondition(UInt(bitPattern: bit) < UInt(bitPattern: count), "no such bit in the bitmap")
    return bit / UInt.bitWidth
  }

  @inline(__always)
  private static func mask(of bit: Int) -> UInt { 1 &<< UInt(bitPattern: bit) }

  /// Calls `body` with each word that `bits` touch and the mask of those bits in it.
  @inline(__always)
  private func forEachWord(of bits: Range<Int>, _ body: (_ index: Int, _ mask: UInt) -> Void) {
    precondition(bits.lowerBound >= 0 && bits.upperBound <= count, "no such bits in the bitmap")
    guard !bits.isEmpty else { return }
    let first = bits.lowerBound / UInt.bitWidth
    let last = (bits.upperBound &- 1) / UInt.bitWidth
    for index in first...last {
      var mask = UInt.max
      if index == first { mask &= UInt.max &<< UInt(bitPattern: bits.lowerBound) }
      if index == last { mask &= UInt.max &>> (0 &- UInt(bitPattern: bits.upperBound)) }
      body(index, mask)
    }
  }
}
