public import MemoryTypes

/// The flags argument of `mlockall`.
@frozen
public struct LockFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var current: LockFlags { LockFlags(rawValue: 1) }
  public static var future: LockFlags { LockFlags(rawValue: 2) }
  public static var onFault: LockFlags { LockFlags(rawValue: 4) }
}

/// Locked memory: its pages are brought in and stay.
///
/// A page is locked by the flags of its VMA; `accounts.locked` is the sum over them and is kept below
/// `RLIMIT_MEMLOCK`. A mapping that another call cut or moved keeps what its parts had.
extension AddressSpace {
  /// Locks a range and brings its pages in.
  ///
  /// - Parameters:
  ///   - start: Rounded down to a page.
  ///   - length: In bytes; the range is extended to whole pages.
  ///   - onFault: Pages are locked as they come, and none is brought in.
  /// - Throws: `notPermitted` when nothing may be locked at all; `outOfMemory` for the limit, a hole
  ///   or an area that cannot be split, with everything in front of it locked; `outOfMemory` or
  ///   `tryAgain` when a page cannot be had, with the whole range locked.
  ///
  /// Linux: `do_mlock()`, mm/mlock.c.
  public mutating func mlock(
    _ start: VirtualAddress, _ length: ByteCount, onFault: Bool
  ) throws(MapError) {
    guard mayLockAtAll else { throw .notPermitted }
    let range = wholePages(start, length)
    guard fitsLockedLimit(range) else { throw .outOfMemory }
    try lockAreas(of: range, onFault ? .lockedMask : .locked)
    do throws(FaultError) { try populateAll(range) } catch {
      throw error == .outOfMemory ? .tryAgain : .outOfMemory
    }
  }

  /// Lets the pages of a range go again.
  ///
  /// - Throws: `outOfMemory` for a hole or an area that cannot be split; everything in front of it is
  ///   unlocked. `invalidArgument` for a range that wraps.
  ///
  /// Linux: `munlock()`, mm/mlock.c.
  public mutating func munlock(
    _ start: VirtualAddress, _ length: ByteCount
  ) throws(MapError) {
    try lockAreas(of: wholePages(start, length), [])
  }

  /// Locks what is mapped now, what will be, or both.
  ///
  /// - Throws: `invalidArgument` for flags that make no sense, `notPermitted` when nothing may be
  ///   locked at all, `outOfMemory` when all that is mapped exceeds the limit. Nothing has changed
  ///   then. Areas that cannot be locked are passed over.
  ///
  /// Linux: `mlockall()`, mm/mlock.c.
  public mutating func mlockall(_ flags: LockFlags) throws(MapError) {
    guard !flags.isEmpty, flags.isSubset(of: [.current, .future, .onFault]), flags != .onFault
    else { throw .invalidArgument }
    guard mayLockAtAll else { throw .notPermitted }
    if flags.contains(.current), !limits.privileges.contains(.locking),
      accounts.total > lockedLimit
    {
      throw .outOfMemory
    }
    lockAll(flags)
    if flags.contains(.current) { populate(VirtualRange(VirtualAddress(0), layout.taskSize)) }
  }

  /// Lets everything go, now and in future. Linux: `munlockall()`.
  public mutating func munlockall() { lockAll([]) }

  /// Linux: `apply_mlockall_flags()`.
  private mutating func lockAll(_ flags: LockFlags) {
    let wanted: VMAFlags = flags.contains(.onFault) ? .lockedMask : .locked
    defaultFlags.subtract(.lockedMask)
    if flags.contains(.future) {
      defaultFlags.formUnion(wanted)
      guard flags.contains(.current) else { return }
    }
    let marks = flags.contains(.current) ? wanted : []
    var position = VirtualAddress(0)
    while position < layout.taskSize, let vma = vmas.vma(atOrAfter: position) {
      let end = vma.pointee.end
      do { try lock(vma, vma.pointee.range, marks) } catch {}
      position = end
    }
  }

  /// Gives each area of a range the lock flags `marks`.
  ///
  /// Linux: `apply_vma_lock_flags()`.
  private mutating func lockAreas(
    of range: VirtualRange, _ marks: VMAFlags
  ) throws(MapError) {
    guard range.end >= range.start else { throw .invalidArgument }
    var position = range.start
    while position < range.end {
      guard let vma = vmas.vma(at: position) else { throw .outOfMemory }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      try lock(vma, part, marks)
      position = part.end
    }
  }

  /// Linux: `mlock_fixup()`: areas with frames of no account are passed over.
  private mutating func lock(
    _ vma: Ref<VMA>, _ part: VirtualRange, _ marks: VMAFlags
  ) throws(MapError) {
    let old = vma.pointee.flags
    let flags = old.subtracting(.lockedMask).union(marks)
    guard flags != old, old.isDisjoint(with: VMAFlags.special.union([.hugeTLB, .droppable])) else {
      return
    }
    _ = try changeFlags(of: part, in: vma, flags)
    if flags.contains(.locked), !old.contains(.locked) {
      accounts.locked += pageCount(part)
    } else if !flags.contains(.locked), old.contains(.locked) {
      accounts.locked -= pageCount(part)
    }
  }

  /// Linux: `can_do_mlock()`.
  var mayLockAtAll: Bool { limits.locked > .zero || limits.privileges.contains(.locking) }

  private var lockedLimit: PageCount {
    PageCount(limits.locked.rawValue >> UInt(pageSize.shift))
  }

  /// Whether the range and what is locked outside of it stay below the limit.
  private func fitsLockedLimit(_ range: VirtualRange) -> Bool {
    if limits.privileges.contains(.locking) { return true }
    let pages = (range.end.rawValue &- range.start.rawValue) >> UInt(pageSize.shift)
    let wanted = pages &+ accounts.locked.rawValue
    if wanted <= lockedLimit.rawValue { return true }
    return wanted &- lockedPages(in: range).rawValue <= lockedLimit.rawValue
  }

  /// The pages of a range that are locked already. Linux: `count_mm_mlocked_page_nr()`.
  private func lockedPages(in range: VirtualRange) -> PageCount {
    let end = range.end < range.start ? VirtualAddress(.max) : range.end
    var pages = PageCount.zero
    var area = vmas.vma(atOrAfter: range.start)
    while let vma = area, vma.pointee.start < end {
      if vma.pointee.flags.contains(.locked) {
        let part = VirtualRange(
          max(range.start, vma.pointee.start), min(end, vma.pointee.end))
        pages += pageCount(part)
      }
      area = vmas.next(vma)
    }
    return pages
  }

  /// The pages that a range touches; an end below the start says that it wraps.
  private func wholePages(_ start: VirtualAddress, _ length: ByteCount) -> VirtualRange {
    let address = layout.untagged(start)
    let offset = address.rawValue & pageSize.offsetMask
    let rounded = pageSize.roundUp(ByteCount(length.rawValue &+ offset))
    return VirtualRange(pageSize.roundDown(address), count: rounded)
  }
}
