internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// Memory for the lists of slabs that have no room for them: frames cut into equal lists.
///
/// Linux takes them from `freelist_cache`, one of kmalloc's caches; a cache here keeps its own, and
/// gives the frames back when the last list goes.
struct IndexListPool {
  /// The first free list, in which the address of the next one stands.
  private var first: UInt = 0
  private var used = 0
  private(set) var frames = PageList()
  /// The bytes of a list.
  private let stride: UInt

  init(_ plan: QueuedPlan) {
    let word = UInt(MemoryLayout<UInt>.size)
    stride = (UInt(plan.count * plan.indexSize) + word - 1) & ~(word - 1)
  }

  mutating func take() -> UInt? {
    guard first != 0 else { return nil }
    let list = first
    first = unsafe Self.link(list).pointee
    used += 1
    return list
  }

  mutating func give(_ list: UInt) {
    unsafe Self.link(list).pointee = first
    first = list
    used -= 1
  }

  mutating func add(_ frame: Ref<Page>, _ bytes: Range<UInt>) {
    frames.pushBack(frame)
    var list = bytes.lowerBound
    while list + stride <= bytes.upperBound {
      unsafe Self.link(list).pointee = first
      first = list
      list += stride
    }
  }

  /// All frames, when no list is in use.
  mutating func takeUnusedFrames() -> PageList {
    guard used == 0 else { return PageList() }
    let all = frames
    frames = PageList()
    first = 0
    return all
  }

  @unsafe
  private static func link(_ list: UInt) -> UnsafeMutablePointer<UInt> {
    // SAFETY: a free list is a word at least, of a frame of the pool.
    unsafe UnsafeMutablePointer(bitPattern: list).unsafelyUnwrapped
  }
}
