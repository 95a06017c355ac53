internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// kmalloc without classes. Linux: `__do_kmalloc_node()`, `ksize()`, mm/slob.c (6.1).
extension KmallocCaches {
  /// A block cut to measure; nil under another design, and for sizes that get whole frames.
  func allocateSimply(
    _ size: ByteCount, _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer? {
    guard largestSize == 0, let root = HeapRoot.existing(pages),
      SlobHeap(root).isSmall(size.rawValue)
    else { return nil }
    let core = root.pointee.core
    let address = try SlobDesign(core).allocateSized(size.rawValue, flags)
    // SAFETY: a block is never at address 0.
    let object = unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
    if flags.contains(.zeroed) {
      // SAFETY: the block is the caller's alone.
      unsafe object.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size.rawValue))
    }
    return unsafe object
  }

  /// The size in front of a block of the simple design; nil for what has none.
  func simpleSize(of address: UInt, _ core: Ref<SlabCore>) -> ByteCount? {
    guard core.pointee.design == .slob, let root = HeapRoot.existing(pages),
      core == root.pointee.core
    else { return nil }
    return ByteCount(SlobHeap(root).size(of: address))
  }
}
