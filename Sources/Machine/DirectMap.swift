public import MemoryTypes

/// All of RAM as the core sees it: one run of addresses, in the order of the frames.
///
/// On a host it is the region that plays RAM; on bare metal the kernel's linear mapping.
/// A value of four words, copied freely. Linux: `__va()`, `__pa()`, `page_to_virt()`.
@safe @frozen
public struct DirectMap: @unchecked Sendable {
  /// Where the first byte of RAM stands in this program's own addresses.
  @usableFromInline let base: UnsafeMutableRawPointer
  /// The physical address of that byte; aligned to a page.
  public let start: PhysicalAddress
  /// The size of RAM; a multiple of the page size.
  public let count: ByteCount
  public let pageSize: PageSize

  /// Describes `count` bytes at `base`, which must stay mapped as long as any copy is in use.
  @unsafe
  public init(
    base: UnsafeMutableRawPointer, start: PhysicalAddress, count: ByteCount, pageSize: PageSize
  ) {
    precondition(start.rawValue & UInt64(pageSize.offsetMask) == 0, "RAM starts inside a page")
    precondition(count.rawValue & pageSize.offsetMask == 0, "RAM ends inside a page")
    unsafe self.base = base
    self.start = start
    self.count = count
    self.pageSize = pageSize
  }

  /// The frames of RAM.
  public var frames: FrameRange {
    let first = pageSize.frame(of: start)
    return FrameRange(first, first + pageSize.pages(in: count))
  }

  /// Whether RAM has a byte at `address`; any value is a fair question.
  @inlinable @inline(__always)
  public func contains(_ address: PhysicalAddress) -> Bool {
    address.rawValue &- start.rawValue < UInt64(count.rawValue)
  }

  /// Whether `frame` is one of RAM; any value is a fair question.
  @inline(__always)
  public func contains(_ frame: PageFrameNumber) -> Bool {
    frame.rawValue &- pageSize.frame(of: start).rawValue < count.rawValue >> UInt(pageSize.shift)
  }

  /// The byte at `address`, which must be in RAM.
  @inlinable @inline(__always)
  public func pointer(to address: PhysicalAddress) -> UnsafeMutableRawPointer {
    assert(contains(address), "physical address beyond RAM")
    return unsafe base + Int(truncatingIfNeeded: address.rawValue &- start.rawValue)
  }

  /// The byte `offset` bytes behind `address`, all of whose page must be in RAM.
  ///
  /// The same as `pointer(to:)` of the sum, but what does not hang on `address` is added first: a
  /// walk waits for each table's address before it can go on.
  @inlinable @inline(__always)
  func pointer(to address: PhysicalAddress, offset: UInt64) -> UnsafeMutableRawPointer {
    let bias = unsafe UInt(bitPattern: base) &- UInt(truncatingIfNeeded: start.rawValue)
    let place =
      bias &+ UInt(truncatingIfNeeded: offset) &+ UInt(truncatingIfNeeded: address.rawValue)
    // SAFETY: a byte of RAM, none of which stands at 0.
    return unsafe UnsafeMutableRawPointer(bitPattern: place).unsafelyUnwrapped
  }

  /// The first byte of `frame`, which must be in RAM.
  @inline(__always)
  public func pointer(to frame: PageFrameNumber) -> UnsafeMutableRawPointer {
    assert(contains(frame), "frame beyond RAM")
    let distance = frame.rawValue &- pageSize.frame(of: start).rawValue
    return unsafe base + Int(bitPattern: distance &<< UInt(pageSize.shift))
  }

  /// The frame that holds the byte at `pointer`, which must stand inside this map.
  @inline(__always)
  public func frame(of pointer: UnsafeRawPointer) -> PageFrameNumber {
    let distance = unsafe UInt(bitPattern: pointer) &- UInt(bitPattern: base)
    assert(distance < count.rawValue, "pointer outside the direct map")
    return pageSize.frame(of: start) + PageCount(distance >> UInt(pageSize.shift))
  }
}
