internal import MemoryTypes
internal import PhysicalMemory

/// The free memory of a machine, or of one zone, at one moment.
public struct FragmentationSample: Codable, Sendable, Equatable {
  /// Nanoseconds since the first event.
  public var time: UInt64
  /// Events before it.
  public var events: Int
  /// Free blocks by order.
  public var blocks: [UInt64]
  /// Fallbacks to blocks of another type so far.
  public var fallbacks: Int

  public init(time: UInt64 = 0, events: Int = 0, blocks: [UInt64], fallbacks: Int = 0) {
    self.time = time
    self.events = events
    self.blocks = blocks
    self.fallbacks = fallbacks
  }

  /// Pages in free blocks.
  public var freePages: UInt64 {
    blocks.enumerated().reduce(0) { $0 &+ $1.element << UInt64($1.offset) }
  }

  /// The part of free memory that a request of `order` cannot use, in thousandths, rounded down; all
  /// of it without free memory. Linux: `unusable_free_index()`, mm/vmstat.c.
  public func unusable(order: Int) -> UInt64 {
    let free = freePages
    guard free > 0 else { return 1000 }
    return (free - suitable(order) << UInt64(order)) * 1000 / free
  }

  /// Whether a request of `order` that fails would do so for lack of memory (towards 0) or for
  /// fragmentation (towards 1000); -1000 when it would not fail. Linux: `__fragmentation_index()`.
  public func fragmentation(order: Int) -> Int64 {
    let total = blocks.reduce(0, +)
    guard total > 0 else { return 0 }
    guard suitable(order) == 0 else { return -1000 }
    let requested = UInt64(1) << UInt64(order)
    return 1000 - Int64((1000 + freePages * 1000 / requested) / total)
  }

  /// Blocks of `order` that the free blocks can be cut into.
  private func suitable(_ order: Int) -> UInt64 {
    blocks.enumerated().dropFirst(order).reduce(0) {
      $0 + $1.element << UInt64($1.offset - order)
    }
  }
}

extension PageAllocator {
  /// The free blocks of all zones by order.
  var blocksByOrder: [UInt64] {
    (0...maximumOrder.rawValue).map { UInt64(freeBlockCount(of: Order($0))) }
  }
}

/// Samples of a run whose length nobody knows before: at most so many, evenly spread.
struct SampleRow {
  private(set) var samples: [FragmentationSample] = []
  private var stride = 1
  private var skipped = 0
  private let limit: Int

  /// Keeps between a half of `limit` and `limit` samples once there are so many.
  init(limit: Int) { self.limit = limit }

  /// Takes a sample unless too little happened since the last.
  mutating func offer(_ sample: @autoclosure () -> FragmentationSample) {
    skipped += 1
    guard skipped >= stride else { return }
    skipped = 0
    samples.append(sample())
    guard samples.count > limit else { return }
    samples = samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    stride *= 2
  }
}
