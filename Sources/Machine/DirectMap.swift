public import MemoryTypes

/// The window through which the kernel reaches RAM: one linear mapping of `count` bytes.
///
/// On a host the bytes are one lazily committed mapping of the process; on metal they are the
/// linear map of the kernel. Linux: `__va()`, `__pa()`, the direct map of PAGE_OFFSET.
@safe
public struct DirectMap: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  /// The first physical address of the window, aligned to the page size.
  public let start: PhysicalAddress
  /// How many bytes the window shows; a multiple of the page size.
  public let count: ByteCount
  /// The base page size of the machine.
  public let pageSize: PageSize

  /// Wraps `count` bytes at `base` as the RAM from `start` on.
  ///
  /// `base` must be aligned to the page size and stay mapped for as long as the machine lives.
  @unsafe
  public init(
    base: UnsafeMutableRawPointer, start: PhysicalAddress, count: ByteCount, pageSize: PageSize
  ) {
    unsafe self.base = unsafe base
    self.start = start
    self.count = count
    self.pageSize = pageSize
  }

  /// Where the kernel sees the byte at `address`, which must lie in the window.
  @inline(__always)
  public func pointer(to address: PhysicalAddress) -> UnsafeMutableRawPointer {
    unsafe base + Int(truncatingIfNeeded: address.rawValue &- start.rawValue)
  }

  /// Where the kernel sees the first byte of `frame`, which must lie in the window.
  @inline(__always)
  public func pointer(to frame: PageFrameNumber) -> UnsafeMutableRawPointer {
    unsafe pointer(to: pageSize.address(of: frame))
  }

  /// The frame that holds the byte at `pointer`, which must lie in the window.
  @inline(__always)
  public func frame(of pointer: UnsafeRawPointer) -> PageFrameNumber {
    let offset = unsafe UInt(bitPattern: pointer) &- UInt(bitPattern: base)
    return PageFrameNumber(
      (offset >> UInt(pageSize.shift)) &+ pageSize.frame(of: start).rawValue)
  }

  /// Whether the window shows the byte at `address`.
  @inline(__always)
  public func contains(_ address: PhysicalAddress) -> Bool {
    address.rawValue &- start.rawValue < UInt64(count.rawValue)
  }

  /// Whether the window shows the whole of `frame`.
  @inline(__always)
  public func contains(_ frame: PageFrameNumber) -> Bool {
    contains(pageSize.address(of: frame))
  }
}
