internal import MemoryTypes

/// The block of memory in which the allocator itself stands, cut into parts of whole cache lines.
///
/// First the small parts, then a descriptor for each frame. With `nil` as base it only adds up.
@safe
struct BootBlock {
  private let base: UnsafeMutableRawPointer?
  /// The bytes that parts have taken.
  private(set) var size = 0

  /// Adds up what parts would take.
  init() { unsafe base = nil }

  /// Cuts the block at `base`, aligned to 64.
  @unsafe
  init(_ base: UnsafeMutableRawPointer) { unsafe self.base = base }

  /// The next `size` bytes; nil while only adding up.
  mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let start = self.size
    self.size += (size + 63) & ~63
    return unsafe base.map { unsafe $0 + start }
  }

  /// Room for `count` objects.
  mutating func take<Object: ~Copyable>(
    _ count: Int, of type: Object.Type
  ) -> UnsafeMutablePointer<Object>? {
    let bytes = unsafe take(count * MemoryLayout<Object>.stride)
    return unsafe bytes?.bindMemory(to: Object.self, capacity: count)
  }
}
