public import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// Why a faulting access cannot be helped; the program gets a signal.
@frozen
public enum FaultError: Error, Hashable, Sendable {
  /// No mapping there: `SIGSEGV`, `SEGV_MAPERR`.
  case notMapped
  /// The mapping forbids it: `SIGSEGV`, `SEGV_ACCERR`.
  case accessDenied
  /// Beyond the end of the file: `SIGBUS`, `BUS_ADRERR`.
  case beyondFile
  /// No frame and nobody to take one from: the OOM killer's case.
  case outOfMemory
}

extension AddressSpace {
  /// Makes the page at `address` accessible, or says why it cannot be.
  ///
  /// ```
  ///                      read                        write
  ///   private, anonymous the zero page, read-only    a zeroed frame
  ///   private, file      the cached page, read-only  a frame with a copy of it
  ///   shared             the cached page             the cached page
  /// ```
  /// - Throws: `FaultError`; the tables are then as before. A stack may have grown.
  ///
  /// Lock: `mmapLock` shared is enough unless a stack grows; callers here hold it exclusively.
  /// Linux: `do_user_addr_fault()`, arch/x86/mm/fault.c; `handle_mm_fault()`, mm/memory.c.
  public mutating func handleFault(
    at address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) {
    let vma = try faultingArea(address)
    guard vma.pointee.flags.allows(access) else { throw .accessDenied }
    let isMajor = try servePage(vma, pageSize.roundDown(address), access)
    if isMajor { faults.major += 1 } else { faults.minor += 1 }
  }

  /// The VMA that holds `address`; a stack above it grows down to it when it may.
  private mutating func faultingArea(_ address: VirtualAddress) throws(FaultError) -> Ref<VMA> {
    guard address < layout.taskSize, let vma = vmas.vma(atOrAfter: address) else {
      throw .notMapped
    }
    if vma.pointee.start <= address { return vma }
    guard vma.pointee.flags.contains(.growsDown) else { throw .notMapped }
    do { try growStack(vma, to: pageSize.roundDown(address)) } catch { throw .notMapped }
    return vma
  }

  /// Extends a stack area downwards.
  ///
  /// - Throws: `notPermitted` below the lowest address that a hint is lifted to; `outOfMemory` when the
  ///   stack limit, the guard gap of the mapping below or an account forbids it.
  ///
  /// Linux: `expand_downwards()`, `acct_stack_growth()`, mm/vma.c.
  mutating func growStack(_ vma: Ref<VMA>, to start: VirtualAddress) throws(MapError) {
    guard start >= layout.minimumHint else { throw .notPermitted }
    let range = VirtualRange(start, vma.pointee.end)
    let added = pageCount(VirtualRange(start, vma.pointee.start))
    if let below = vmas.previous(vma), !below.pointee.flags.contains(.growsDown),
      !below.pointee.flags.isDisjoint(with: .access),
      start.rawValue &- below.pointee.end.rawValue < layout.stackGuardGap.rawValue
    {
      throw .outOfMemory
    }
    // A stack that is to grow has a family before it has the page, and keeps it where it may not.
    try prepareFamily(vma)
    guard vmas.previous(vma).map({ $0.pointee.end <= start }) ?? true,
      range.count <= limits.stack, mayExpand(vma.pointee.flags, by: added),
      added.rawValue <= vma.pointee.pageOffset
    else { throw .outOfMemory }
    guard mayLock(vma.pointee.flags, pageSize.bytes(in: added)) else { throw .outOfMemory }
    try charge(added)
    setRange(vma, range)
    account(vma.pointee.flags, added: added)
    if vma.pointee.flags.contains(.locked) { accounts.locked += added }
  }

  /// Brings the page in for an access that the VMA allows.
  ///
  /// - Returns: Whether it had to be read from a disk (a major fault); memory here never has to.
  mutating func servePage(
    _ vma: Ref<VMA>, _ address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) -> Bool {
    // A layout may promise more than the tables of the machine can translate.
    guard address.rawValue >> UInt(tables.format.virtualAddressBits - 1) < 2 else {
      throw .outOfMemory
    }
    if isGuarded(vma, address) { throw .notMapped }
    if let leaf = tables.leaf(at: address) {
      try upgrade(vma, address, leaf.frame, leaf.attributes, access)
    } else if vma.pointee.isAnonymous {
      try fillAnonymous(vma, address, access)
    } else if let file = vma.pointee.file {
      try fillFromFile(vma, file, address, access)
    } else {
      try fillSpecial(vma, address)
    }
    resident.noteHighWater()
    return false
  }

  /// A page is there: a write to one that may be shared makes a copy; else the access was let through
  /// by another processor in the meantime.
  ///
  /// Linux: `do_wp_page()`, mm/memory.c.
  private mutating func upgrade(
    _ vma: Ref<VMA>, _ address: VirtualAddress, _ frame: PageFrameNumber,
    _ attributes: LeafAttributes, _ access: MemoryAccess
  ) throws(FaultError) {
    guard access == .write, !attributes.contains(.write) else {
      return setAccessed(address, dirty: access == .write)
    }
    let page = services.pointee.pages.pointee.page(of: frame)
    if vma.pointee.flags.contains(.shared) {
      // The file is told before the page changes. Linux: `wp_page_shared()`.
      page.pointee.flags.insert(.dirty)
    } else if isOwnAnonymous(page) {
      page.pointee.flags.insert(.anonymousExclusive)
    } else {
      return try copyOnWrite(vma, address, page)
    }
    var changed = leafAttributes(for: vma.pointee)
    changed.formUnion([.accessed, .dirty])
    batch.add(VirtualRange(address, count: pageSize.bytes))
    tables.protect(VirtualRange(address, count: pageSize.bytes)) { _ in changed }
  }

  private mutating func setAccessed(_ address: VirtualAddress, dirty: Bool) {
    tables.protect(VirtualRange(address, count: pageSize.bytes)) { leaf in
      dirty ? leaf.union([.accessed, .dirty]) : leaf.union(.accessed)
    }
  }
}

extension VMAFlags {
  /// x86 cannot forbid reading what may be written or executed. Linux: `access_error()`.
  func allows(_ access: MemoryAccess) -> Bool {
    switch access {
    case .read: !isDisjoint(with: .access)
    case .write: contains(.write)
    case .execute: contains(.execute)
    }
  }
}
