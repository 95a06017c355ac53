public import MemoryTypes
public import PhysicalMemory

/// The rest of the family.
extension KmallocCaches {
  /// As `kmalloc`, cleared to zero bytes. Linux: `kzalloc()`.
  @inline(__always)
  public func kzalloc(
    _ size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    try unsafe kmalloc(size, flags: flags.union(.zeroed))
  }

  /// `count` elements of `size` bytes, not cleared.
  ///
  /// Throws when the product is no size, as for one that is too large. Linux: `kmalloc_array()`.
  public func kmallocArray(
    count: UInt, of size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: size.rawValue)
    guard !isTooLarge else { throw .outOfMemory }
    return try unsafe kmalloc(ByteCount(bytes), flags: flags)
  }

  /// The same, cleared. Linux: `kcalloc()`.
  public func kcalloc(
    count: UInt, of size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    try unsafe kmallocArray(count: count, of: size, flags: flags.union(.zeroed))
  }

  /// Memory of `size` bytes with the contents of `pointer` as far as they fit: the same memory
  /// where it is large enough, else other memory, and the old is freed.
  ///
  /// Nil is like the pointer of 0 bytes; a size of 0 frees. What grows is not cleared, even with
  /// `.zeroed`, but where the memory is new. Throws, with the old memory as it was, when there is no
  /// other. Linux: `krealloc()`.
  public func krealloc(
    _ pointer: UnsafeMutableRawPointer?, _ size: ByteCount, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    guard size > .zero else {
      if let pointer = unsafe pointer { unsafe kfree(pointer) }
      return unsafe Self.zeroSizePointer
    }
    guard let pointer = unsafe pointer, unsafe pointer != Self.zeroSizePointer else {
      return try unsafe kmalloc(size, flags: flags)
    }
    let usable = unsafe ksize(pointer)
    guard size > usable else { return unsafe pointer }
    let larger = try unsafe kmalloc(size, flags: flags)
    // SAFETY: both have that many bytes, and are two objects.
    unsafe larger.copyMemory(from: pointer, byteCount: Int(usable.rawValue))
    unsafe kfree(pointer)
    return unsafe larger
  }
}
