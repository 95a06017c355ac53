/// The base page size of a machine, and all arithmetic that depends on it.
///
/// Geometry is data: 4, 16 and 64 KiB machines run in one binary, so nothing may assume a shift.
@frozen
public struct PageSize: Hashable, Sendable {
  /// log2 of the size in bytes: 12, 14 or 16. Linux: `PAGE_SHIFT`.
  public let shift: UInt8

  @inlinable @inline(__always)
  public init(shift: UInt8) { self.shift = shift }

  @inlinable @inline(__always)
  public static var size4K: PageSize { PageSize(shift: 12) }
  @inlinable @inline(__always)
  public static var size16K: PageSize { PageSize(shift: 14) }
  @inlinable @inline(__always)
  public static var size64K: PageSize { PageSize(shift: 16) }

  /// The size in bytes. Linux: `PAGE_SIZE`.
  @inlinable @inline(__always)
  public var bytes: ByteCount { ByteCount(1 &<< UInt(shift)) }

  /// The bits of an address below the page number.
  @inlinable @inline(__always)
  public var offsetMask: UInt { (1 &<< UInt(shift)) &- 1 }

  @inlinable @inline(__always)
  public func isAligned(_ address: VirtualAddress) -> Bool { address.rawValue & offsetMask == 0 }

  @inlinable @inline(__always)
  public func roundDown(_ address: VirtualAddress) -> VirtualAddress {
    VirtualAddress(address.rawValue & ~offsetMask)
  }

  /// Rounds up; wraps to 0 in the last page of the word. Linux: `PAGE_ALIGN()`.
  @inlinable @inline(__always)
  public func roundUp(_ address: VirtualAddress) -> VirtualAddress {
    VirtualAddress((address.rawValue &+ offsetMask) & ~offsetMask)
  }

  /// Rounds up; wraps to 0 for the last `bytes - 1` sizes of the word, which callers must refuse.
  @inlinable @inline(__always)
  public func roundUp(_ count: ByteCount) -> ByteCount {
    ByteCount((count.rawValue &+ offsetMask) & ~offsetMask)
  }

  /// The pages that `count` bytes fill, the last perhaps in part.
  @inlinable @inline(__always)
  public func pages(in count: ByteCount) -> PageCount {
    PageCount((count.rawValue >> UInt(shift)) &+ (count.rawValue & offsetMask == 0 ? 0 : 1))
  }

  @inlinable @inline(__always)
  public func bytes(in pages: PageCount) -> ByteCount {
    ByteCount(pages.rawValue &<< UInt(shift))
  }

  @inlinable @inline(__always)
  public func frame(of address: PhysicalAddress) -> PageFrameNumber {
    PageFrameNumber(UInt(truncatingIfNeeded: address.rawValue >> UInt64(shift)))
  }

  @inlinable @inline(__always)
  public func address(of frame: PageFrameNumber) -> PhysicalAddress {
    PhysicalAddress(UInt64(frame.rawValue) &<< UInt64(shift))
  }

  /// The number of the page that holds `address`: what file offsets and VMAs count in.
  @inlinable @inline(__always)
  public func pageNumber(of address: VirtualAddress) -> UInt { address.rawValue >> UInt(shift) }
}
