internal import AddressSpaces
public import MemoryTypes

/// What is in memory, and what of it goes to files.
extension Kernel {
  /// Calls `report` for each page of the range, upwards, until a hole.
  ///
  /// The program's vector is the caller's business: `EFAULT` when it cannot be written.
  /// Linux: `mincore`, mm/mincore.c.
  public mutating func mincore(
    _ task: Ref<Task>, address: UInt, length: UInt, _ report: (Bool) -> Void
  ) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mincore(VirtualAddress(address), ByteCount(length), report)
    }
  }

  /// Linux: `msync`, mm/msync.c.
  public mutating func msync(
    _ task: Ref<Task>, address: UInt, length: UInt, flags: UInt
  ) throws(Errno) {
    let bits = SynchronizeFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    let space = task.pointee.space
    try locked(space) { () throws(MapError) in
      try space.msync(VirtualAddress(address), ByteCount(length), bits) { flush($0) }
    }
  }
}
