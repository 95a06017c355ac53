internal import AddressSpaces
public import MemoryTypes

/// Protection keys.
extension Kernel {
  /// Linux: `pkey_alloc`, mm/mprotect.c.
  public mutating func pkeyAlloc(
    _ task: Ref<Task>, flags: UInt, rights: UInt
  ) throws(Errno) -> UInt {
    try inSpace(task.pointee.space) { space throws(MapError) in
      UInt(try space.allocateKey(flags: flags, rights: rights))
    }
  }

  /// Linux: `pkey_free`, mm/mprotect.c.
  public mutating func pkeyFree(_ task: Ref<Task>, key: UInt) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.freeKey(Int32(truncatingIfNeeded: key))
    }
  }

  /// Linux: `pkey_mprotect`, mm/mprotect.c.
  public mutating func pkeyMprotect(
    _ task: Ref<Task>, address: UInt, length: UInt, protection: UInt, key: UInt
  ) throws(Errno) {
    let bits = Self.protection(protection)
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.protect(
        VirtualAddress(address), ByteCount(length), bits, key: Int32(truncatingIfNeeded: key))
    }
  }

  /// Bits above the flag word are unknown protection bits as well.
  private static func protection(_ word: UInt) -> Protection {
    Protection(rawValue: UInt32(exactly: word) ?? UInt32(truncatingIfNeeded: word) | 1 << 31)
  }
}
