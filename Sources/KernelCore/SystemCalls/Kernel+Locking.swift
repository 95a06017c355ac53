internal import AddressSpaces
public import MemoryTypes

/// Locked memory.
extension Kernel {
  /// Linux: `mlock`, mm/mlock.c.
  public mutating func mlock(_ task: Ref<Task>, address: UInt, length: UInt) throws(Errno) {
    try mlock2(task, address: address, length: length, flags: 0)
  }

  /// - Parameter flags: `MLOCK_ONFAULT` (1) or 0; other bits are `EINVAL`.
  ///
  /// Linux: `mlock2`, mm/mlock.c.
  public mutating func mlock2(
    _ task: Ref<Task>, address: UInt, length: UInt, flags: UInt
  ) throws(Errno) {
    let bits = UInt32(truncatingIfNeeded: flags)
    guard bits & ~1 == 0 else { throw .EINVAL }
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mlock(VirtualAddress(address), ByteCount(length), onFault: bits == 1)
    }
  }

  /// Linux: `munlock`, mm/mlock.c.
  public mutating func munlock(_ task: Ref<Task>, address: UInt, length: UInt) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.munlock(VirtualAddress(address), ByteCount(length))
    }
  }

  /// Linux: `mlockall`, mm/mlock.c.
  public mutating func mlockall(_ task: Ref<Task>, flags: UInt) throws(Errno) {
    let bits = LockFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    try inSpace(task.pointee.space) { space throws(MapError) in try space.mlockall(bits) }
  }

  /// Linux: `munlockall`, mm/mlock.c.
  public mutating func munlockall(_ task: Ref<Task>) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in space.munlockall() }
  }
}
