internal import AddressSpaces
public import MemoryTypes

/// Calls on what is mapped already: other pages of a file, and seals.
extension Kernel {
  /// Linux: `remap_file_pages`, mm/mmap.c.
  public mutating func remapFilePages(
    _ task: Ref<Task>, address: UInt, length: UInt, protection: UInt, page: UInt, flags: UInt
  ) throws(Errno) {
    // Any bit above the word is a protection too.
    guard protection == 0 else { throw .EINVAL }
    let space = task.pointee.space
    let mapped = try inSpace(space) { space throws(MapError) in
      try space.remapFilePages(
        VirtualAddress(address), ByteCount(length), [], page: page,
        MapFlags(rawValue: UInt32(truncatingIfNeeded: flags)))
    }
    guard mapped.populates else { return }
    space.pointee.mmapLock.lock()
    defer { space.pointee.mmapLock.unlock() }
    space.pointee.populate(mapped.range)
    flush(space)
  }

  /// Linux: `mseal`, mm/mseal.c.
  public mutating func mseal(
    _ task: Ref<Task>, address: UInt, length: UInt, flags: UInt
  ) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mseal(VirtualAddress(address), ByteCount(length), flags: flags)
    }
  }
}
