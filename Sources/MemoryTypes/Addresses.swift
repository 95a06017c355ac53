/// An address as a program or the kernel uses it, before translation.
///
/// As wide as a machine word: 64 bits on every host, 32 on bare-metal i386.
@frozen
public struct VirtualAddress: Comparable, Hashable, Sendable {
  public var rawValue: UInt

  @inlinable @inline(__always)
  public init(_ rawValue: UInt) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The address `bytes` further up; wraps at the end of the word, as hardware does.
  @inlinable @inline(__always)
  public static func + (left: Self, bytes: ByteCount) -> Self {
    Self(left.rawValue &+ bytes.rawValue)
  }

  /// The address `bytes` further down; wraps below 0.
  @inlinable @inline(__always)
  public static func - (left: Self, bytes: ByteCount) -> Self {
    Self(left.rawValue &- bytes.rawValue)
  }

  /// The distance from `right` up to `left`, which must not lie below it.
  @inlinable @inline(__always)
  public static func - (left: Self, right: Self) -> ByteCount {
    ByteCount(left.rawValue &- right.rawValue)
  }
}

/// An address on the memory bus. 64 bits everywhere: i386 with PAE has 36.
@frozen
public struct PhysicalAddress: Comparable, Hashable, Sendable {
  public var rawValue: UInt64

  @inlinable @inline(__always)
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The address `bytes` further up; wraps at the end of 64 bits.
  @inlinable @inline(__always)
  public static func + (left: Self, bytes: ByteCount) -> Self {
    Self(left.rawValue &+ UInt64(bytes.rawValue))
  }
}

/// The number of a frame: its physical address divided by the page size. Linux: `pfn`.
@frozen
public struct PageFrameNumber: Comparable, Hashable, Sendable {
  public var rawValue: UInt

  @inlinable @inline(__always)
  public init(_ rawValue: UInt) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  @inlinable @inline(__always)
  public static func + (left: Self, pages: PageCount) -> Self {
    Self(left.rawValue &+ pages.rawValue)
  }

  @inlinable @inline(__always)
  public static func - (left: Self, pages: PageCount) -> Self {
    Self(left.rawValue &- pages.rawValue)
  }

  /// The number of frames from `right` up to `left`, which must not lie below it.
  @inlinable @inline(__always)
  public static func - (left: Self, right: Self) -> PageCount {
    PageCount(left.rawValue &- right.rawValue)
  }
}

/// The half-open range of virtual addresses `start ..< end`.
@frozen
public struct VirtualRange: Hashable, Sendable {
  public var start: VirtualAddress
  public var end: VirtualAddress

  @inlinable @inline(__always)
  public init(_ start: VirtualAddress, _ end: VirtualAddress) {
    self.start = start
    self.end = end
  }

  @inlinable @inline(__always)
  public init(_ start: VirtualAddress, count: ByteCount) {
    self.init(start, start + count)
  }

  @inlinable @inline(__always)
  public var count: ByteCount { end - start }

  @inlinable @inline(__always)
  public var isEmpty: Bool { end <= start }

  @inlinable @inline(__always)
  public func contains(_ address: VirtualAddress) -> Bool { start <= address && address < end }

  @inlinable @inline(__always)
  public func overlaps(_ other: VirtualRange) -> Bool { start < other.end && other.start < end }
}

/// The half-open range of frames `start ..< end`.
@frozen
public struct FrameRange: Hashable, Sendable {
  public var start: PageFrameNumber
  public var end: PageFrameNumber

  @inlinable @inline(__always)
  public init(_ start: PageFrameNumber, _ end: PageFrameNumber) {
    self.start = start
    self.end = end
  }

  @inlinable @inline(__always)
  public var count: PageCount { end - start }

  @inlinable @inline(__always)
  public func contains(_ frame: PageFrameNumber) -> Bool { start <= frame && frame < end }
}
