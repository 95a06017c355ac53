internal import Machine
public import MemoryTypes

extension UserLayout {
  /// A user address without the tag that arm64 programs may keep in its top byte.
  ///
  /// `mmap`, `mremap` and `brk` take addresses as they are; the other calls use this.
  /// Linux: `untagged_addr()`, arch/arm64/include/asm/uaccess.h.
  public func untagged(_ address: VirtualAddress) -> VirtualAddress {
    guard architecture == .arm64, UInt.bitWidth > 32 else { return address }
    let value = UInt64(address.rawValue)
    guard value & 1 << 55 == 0 else { return address }
    return VirtualAddress(UInt(truncatingIfNeeded: value & 0x00ff_ffff_ffff_ffff))
  }
}
