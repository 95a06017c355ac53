internal import Machine
public import MemoryTypes

/// The protection keys that a process has taken: sixteen classes of pages, each with rights that a
/// thread changes in a register, without a system call.
///
/// Linux: `mm->context.pkey_allocation_map`, arch/x86/include/asm/pkeys.h.
public struct ProtectionKeys: Hashable, Sendable {
  /// A bit for each key taken; key 0 is every page's at first.
  public internal(set) var taken: UInt16 = 1

  /// The keys of the hardware.
  public static var count: Int32 { 16 }

  public init() {}

  func contains(_ key: Int32) -> Bool {
    key >= 0 && key < Self.count && taken & 1 &<< UInt16(key) != 0
  }
}

extension AddressSpace {
  /// Takes the lowest free key.
  ///
  /// - Parameters:
  ///   - flags: Must be 0.
  ///   - rights: `PKEY_DISABLE_ACCESS` (1) and `PKEY_DISABLE_WRITE` (2).
  /// - Throws: `invalidArgument` for other bits or a processor without keys, `noSpace` when all are
  ///   taken.
  ///
  /// Linux: `pkey_alloc()`, mm/mprotect.c.
  public mutating func allocateKey(flags: UInt, rights: UInt) throws(MapError) -> Int32 {
    guard flags == 0, rights & ~3 == 0, hasKeys else { throw .invalidArgument }
    let free = ~keys.taken
    guard free != 0 else { throw .noSpace }
    let key = Int32(free.trailingZeroBitCount)
    keys.taken |= 1 &<< UInt16(key)
    return key
  }

  /// Gives a key back; pages that have it keep it.
  ///
  /// - Throws: `invalidArgument` for a key that is not taken.
  ///
  /// Linux: `pkey_free()`.
  public mutating func freeKey(_ key: Int32) throws(MapError) {
    guard hasKeys, keys.contains(key) else { throw .invalidArgument }
    keys.taken &= ~(1 &<< UInt16(key))
  }

  /// `mprotect` that also gives the pages a key; -1 leaves them the one they have.
  ///
  /// - Throws: as `mprotect`; `invalidArgument` for a key that is not taken.
  ///
  /// Linux: `pkey_mprotect()`.
  public mutating func protect(
    _ start: VirtualAddress, _ length: ByteCount, _ protection: Protection, key: Int32
  ) throws(MapError) {
    try mprotect(start, length, protection, key: key)
  }

  private var hasKeys: Bool {
    layout.architecture == .x86_64 && services.pointee.features.contains(.protectionKeys)
  }

  /// Whether `mprotect` may give pages this key.
  func mayUse(key: Int32) -> Bool { key == -1 || (hasKeys && keys.contains(key)) }
}

extension VMAFlags {
  /// The protection key of the area. Linux: `vma_pkey()`.
  public var key: Int32 { Int32(truncatingIfNeeded: (rawValue >> 32) & 0xf) }

  /// The same flags with another key; -1 keeps it. Linux: `arch_override_mprotect_pkey()`.
  func withKey(_ key: Int32) -> VMAFlags {
    guard key >= 0 else { return self }
    return subtracting(.protectionKey).union(VMAFlags(rawValue: UInt64(key & 0xf) << 32))
  }
}
