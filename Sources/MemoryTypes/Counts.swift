/// A size or a distance in bytes.
@frozen
public struct ByteCount: Comparable, Hashable, Sendable {
  public var rawValue: UInt

  @inlinable @inline(__always)
  public init(_ rawValue: UInt) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static var zero: ByteCount { ByteCount(0) }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The sum; traps on overflow, which for sizes is always a mistake of the caller.
  @inlinable @inline(__always)
  public static func + (left: Self, right: Self) -> Self { Self(left.rawValue + right.rawValue) }

  @inlinable @inline(__always)
  public static func - (left: Self, right: Self) -> Self { Self(left.rawValue - right.rawValue) }
}

/// A number of base pages.
@frozen
public struct PageCount: Comparable, Hashable, Sendable {
  public var rawValue: UInt

  @inlinable @inline(__always)
  public init(_ rawValue: UInt) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static var zero: PageCount { PageCount(0) }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  @inlinable @inline(__always)
  public static func + (left: Self, right: Self) -> Self { Self(left.rawValue + right.rawValue) }

  @inlinable @inline(__always)
  public static func - (left: Self, right: Self) -> Self { Self(left.rawValue - right.rawValue) }

  @inlinable @inline(__always)
  public static func += (left: inout Self, right: Self) { left = left + right }

  @inlinable @inline(__always)
  public static func -= (left: inout Self, right: Self) { left = left - right }
}

/// The size of a block of frames as a power of two: order 3 is 8 frames. Linux: `order`.
@frozen
public struct Order: Comparable, Hashable, Sendable {
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(_ rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static var zero: Order { Order(0) }

  /// The smallest order whose block holds `pages`; 0 for 0 pages. Linux: `get_order()`.
  @inlinable
  public static func holding(_ pages: PageCount) -> Order {
    guard pages.rawValue > 1 else { return .zero }
    return Order(UInt8(UInt.bitWidth - (pages.rawValue - 1).leadingZeroBitCount))
  }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// How many frames a block of this order has.
  @inlinable @inline(__always)
  public var pageCount: PageCount { PageCount(1 &<< UInt(rawValue)) }

  @inlinable @inline(__always)
  public var next: Order { Order(rawValue &+ 1) }

  @inlinable @inline(__always)
  public var previous: Order { Order(rawValue &- 1) }

  @inlinable @inline(__always)
  public var index: Int { Int(rawValue) }
}
