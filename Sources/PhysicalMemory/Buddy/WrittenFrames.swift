internal import MemoryTypes

/// Which frames may hold other bytes than zeros.
///
/// RAM that a host lends costs nothing until it is touched, so a frame that nobody wrote is not
/// cleared when somebody asks for a zeroed one: it is zero. Real RAM holds what it will at boot;
/// there every frame counts as written, and no bits are kept.
///
/// The bits stand outside the RAM they tell of. The zone's lock guards them.
struct WrittenFrames: Sendable {
  private let bits: Bitmap?
  /// The frame of bit 0.
  private let start: PageFrameNumber

  /// - Parameter bits: One for each frame from `start`, all clear; nil when RAM was written.
  init(_ bits: Bitmap?, from start: PageFrameNumber) {
    self.bits = bits
    self.start = start
  }

  /// Whether nothing is known to be zero.
  @inline(__always)
  var isEverything: Bool { bits == nil }

  /// Whether a frame of the block may hold anything. O(words).
  @inline(__always)
  func contains(_ frame: PageFrameNumber, _ order: Order) -> Bool {
    guard let bits else { return true }
    guard order > .zero else { return bits.contains(index(of: frame)) }
    return bits.setCount(in: range(of: frame, order)) > 0
  }

  /// Notes that the block was someone's, who may have written it. O(words).
  @inline(__always)
  func insert(_ frame: PageFrameNumber, _ order: Order) {
    if let bits { insert(frame, order, into: bits) }
  }

  @inline(never)
  private func insert(_ frame: PageFrameNumber, _ order: Order, into bits: Bitmap) {
    guard order > .zero else { return bits.set(index(of: frame)) }
    bits.set(range(of: frame, order))
  }

  private func index(of frame: PageFrameNumber) -> Int {
    Int(bitPattern: frame.rawValue &- start.rawValue)
  }

  private func range(of frame: PageFrameNumber, _ order: Order) -> Range<Int> {
    let first = index(of: frame)
    return first..<first + Int(bitPattern: order.pageCount.rawValue)
  }
}
