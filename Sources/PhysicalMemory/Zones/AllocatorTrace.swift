internal import MemoryTypes

/// Who is told what happens behind an allocation: a block fetched or given back, types mixed.
///
/// A C function and a word for it. Called under the zone's lock: it must not call the allocator.
@safe
public struct AllocatorTrace: @unchecked Sendable {
  /// What happened to a block.
  public enum Event: UInt8, Sendable {
    /// Taken from the free lists for a per-CPU list. Linux: `mm_page_alloc_zone_locked`.
    case refilled = 0
    /// Given back from a per-CPU list. Linux: `mm_page_pcpu_drain`.
    case drained = 1
    /// Taken from another type's list. Linux: `mm_page_alloc_extfrag`.
    case fallback = 2
  }

  /// Gets the context, the raw event, the first frame of the block, its order, and the raw type of
  /// the request; of a fallback also whose list had the block and of which order it was there.
  public typealias Function =
    @convention(c) (UnsafeMutableRawPointer?, UInt8, UInt, UInt8, UInt8, UInt8, UInt8) -> Void

  private let context: UnsafeMutableRawPointer?
  private let function: Function

  /// Tells `function`, with `context`, which must outlive the allocator.
  @unsafe
  public init(context: UnsafeMutableRawPointer?, _ function: @escaping Function) {
    unsafe self.context = context
    unsafe self.function = function
  }

  func callAsFunction(
    _ event: Event, _ frame: PageFrameNumber, _ order: Order, type: MigrateType,
    from donor: MigrateType, _ found: Order
  ) {
    unsafe function(
      context, event.rawValue, frame.rawValue, order.rawValue, type.rawValue, donor.rawValue,
      found.rawValue)
  }

  func callAsFunction(
    _ event: Event, _ frame: PageFrameNumber, _ order: Order, type: MigrateType
  ) {
    self(event, frame, order, type: type, from: type, order)
  }
}

extension Zone {
  /// Who is told what happens in this zone; nil: nobody.
  public var trace: AllocatorTrace? {
    get { buddy.withLock { $0.trace } }
    nonmutating set { buddy.withLock { $0.trace = newValue } }
  }
}
