internal import MemoryTypes

/// How a frame stands among the others, in one word: the order of its block, its state, its zone,
/// its node and whether an LRU list has it.
///
/// Zero: a frame inside a block. What is not the first frame of a block has no zone.
struct PageStanding: Equatable {
  private(set) var rawValue: UInt32

  @inline(__always)
  init(rawValue: UInt32) { self.rawValue = rawValue }

  /// That of the frames of a zone.
  @inline(__always)
  init(zone: UInt8, node: UInt8) {
    rawValue = UInt32(zone) &<< 8 | UInt32(node) &<< 16
  }

  /// A frame inside a block.
  @inline(__always)
  static var inside: PageStanding { PageStanding(rawValue: 0) }

  /// The first frame of a block of the zone that this is the standing of.
  @inline(__always)
  func with(_ state: PageState, _ order: Order) -> PageStanding {
    PageStanding(
      rawValue: rawValue | UInt32(state.rawValue) &<< 4 | UInt32(order.rawValue))
  }

  /// The same for a block of the next order.
  @inline(__always)
  var larger: PageStanding { PageStanding(rawValue: rawValue &+ 1) }

  /// The same for a block of the order before.
  @inline(__always)
  var smaller: PageStanding { PageStanding(rawValue: rawValue &- 1) }

  @inline(__always)
  var order: Order {
    get { Order(UInt8(truncatingIfNeeded: rawValue & 0xF)) }
    set { rawValue = rawValue & ~0xF | UInt32(newValue.rawValue) }
  }

  @inline(__always)
  var state: PageState {
    // SAFETY: only raw values of the type are ever stored.
    unsafe unsafeBitCast(UInt8(truncatingIfNeeded: rawValue) &>> 4, to: PageState.self)
  }

  @inline(__always)
  var zone: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 8) }

  @inline(__always)
  var node: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 16) }

  @inline(__always)
  var isOnLRU: Bool {
    get { rawValue &>> 24 != 0 }
    set { rawValue = rawValue & 0xFF_FFFF | (newValue ? 1 &<< 24 : 0) }
  }

  /// Whether it is the first of a block of `order` that someone owns, or a processor keeps.
  @inline(__always)
  func isAllocated(_ order: Order) -> Bool {
    UInt8(truncatingIfNeeded: rawValue) == PageState.allocated.rawValue &<< 4 | order.rawValue
  }
}
