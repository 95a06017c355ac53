internal import MemoryTypes

extension AddressSpace {
  /// Whether `pages` more with these flags fit the limits of address space and data.
  ///
  /// Linux: `may_expand_vm()`, mm/mmap.c.
  func mayExpand(_ flags: VMAFlags, by pages: PageCount) -> Bool {
    let total = accounts.total.rawValue &+ pages.rawValue
    if total > limits.addressSpace.rawValue >> UInt(pageSize.shift) { return false }
    guard flags.isData else { return true }
    let data = accounts.data.rawValue &+ pages.rawValue
    if data <= limits.data.rawValue >> UInt(pageSize.shift) { return true }
    // A limit of 0 is set by debuggers that want all data mapped: the hard limit counts then.
    return limits.data == .zero
      && data <= limits.highest.data.rawValue >> UInt(pageSize.shift)
  }

  /// Promises pages to an area of this process. Linux: `security_vm_enough_memory_mm()`.
  func charge(_ pages: PageCount) throws(MapError) {
    try services.pointee.charge(
      pages, mapped: accounts.total,
      isAdministrator: limits.privileges.contains(.administration))
  }

  /// Whether `length` more bytes may be locked, when the flags say that they are.
  ///
  /// Linux: `mlock_future_ok()`.
  func mayLock(_ flags: VMAFlags, _ length: ByteCount) -> Bool {
    guard flags.contains(.locked), !limits.privileges.contains(.locking) else { return true }
    let pages = accounts.locked + pageSize.pages(in: length)
    return pages.rawValue <= limits.locked.rawValue >> UInt(pageSize.shift)
  }

  /// Counts pages of a mapping in. Linux: `vm_stat_account()`.
  mutating func account(_ flags: VMAFlags, added pages: PageCount) {
    accounts.total += pages
    if flags.isCode {
      accounts.code += pages
    } else if flags.isStack {
      accounts.stack += pages
    } else if flags.isData {
      accounts.data += pages
    }
    accounts.highWaterTotal = max(accounts.highWaterTotal, accounts.total)
    accounts.highWaterVMAs = max(accounts.highWaterVMAs, vmas.count)
  }

  /// Counts pages of a mapping out.
  mutating func account(_ flags: VMAFlags, removed pages: PageCount) {
    accounts.total -= pages
    if flags.isCode {
      accounts.code -= pages
    } else if flags.isStack {
      accounts.stack -= pages
    } else if flags.isData {
      accounts.data -= pages
    }
  }

  /// The whole pages of a range.
  func pageCount(_ range: VirtualRange) -> PageCount { pageSize.pages(in: range.count) }
}
