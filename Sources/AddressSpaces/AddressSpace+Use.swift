internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// What the pages of some areas are, and whom they belong to.
///
/// Bytes but where it says otherwise. Linux: `mem_size_stats`, fs/proc/task_mmu.c.
public struct MemoryUse: Hashable, Sendable {
  public internal(set) var resident: UInt64 = 0
  public internal(set) var anonymous: UInt64 = 0
  public internal(set) var referenced: UInt64 = 0
  public internal(set) var sharedClean: UInt64 = 0
  public internal(set) var sharedDirty: UInt64 = 0
  public internal(set) var privateClean: UInt64 = 0
  public internal(set) var privateDirty: UInt64 = 0
  /// Each page divided by the number of its users, in 1/4096 of a byte.
  public internal(set) var share = Shares()

  public init() {}

  /// Proportional shares by kind. Linux: `pss`, `pss_anon`, …
  public struct Shares: Hashable, Sendable {
    public internal(set) var total: UInt64 = 0
    public internal(set) var dirty: UInt64 = 0
    public internal(set) var anonymous: UInt64 = 0
    public internal(set) var file: UInt64 = 0
    public internal(set) var sharedMemory: UInt64 = 0
    public internal(set) var locked: UInt64 = 0
  }
}

extension AddressSpace {
  /// Adds the present pages of an area to `use`. Pages of zeros and of the kernel's own are nobody's.
  ///
  /// O(leaves). Lock: `mmapLock` shared. Linux: `smaps_pte_entry()`, `smaps_account()`.
  public func measure(_ vma: Ref<VMA>, into use: inout MemoryUse) {
    guard vma.pointee.special == .none else { return }
    let services = services
    let bytes = UInt64(pageSize.bytes.rawValue)
    let isSharedMemory = vma.pointee.file?.pointee.kind == .sharedMemory
    let isLocked = vma.pointee.flags.contains(.locked)
    tables.forEachLeaf(in: vma.pointee.range) { _, leaf in
      let page = services.pointee.pages.pointee.page(of: leaf.frame)
      guard page != services.pointee.zeroPage else { return }
      let isAnonymous = page.pointee.isAnonymous
      let users = page.pointee.references == 1 ? 1 : max(1, UInt(page.pointee.mapCount))
      let isDirty = leaf.attributes.contains(.dirty) || page.pointee.flags.contains(.dirty)
      let isReferenced =
        leaf.attributes.contains(.accessed) || page.pointee.flags.contains(.referenced)
      use.resident += bytes
      if isAnonymous { use.anonymous += bytes }
      if isReferenced { use.referenced += bytes }
      use.count(bytes, isDirty: isDirty, isShared: users > 1)
      let share = UInt64((UInt(bytes) << 12) / users)
      use.share.total += share
      if isDirty { use.share.dirty += share }
      if isLocked { use.share.locked += share }
      if isAnonymous {
        use.share.anonymous += share
      } else if isSharedMemory {
        use.share.sharedMemory += share
      } else {
        use.share.file += share
      }
    }
  }
}

extension MemoryUse {
  /// Linux: `smaps_page_accumulate()`.
  fileprivate mutating func count(_ bytes: UInt64, isDirty: Bool, isShared: Bool) {
    switch (isDirty, isShared) {
    case (true, true): sharedDirty += bytes
    case (true, false): privateDirty += bytes
    case (false, true): sharedClean += bytes
    case (false, false): privateClean += bytes
    }
  }
}
