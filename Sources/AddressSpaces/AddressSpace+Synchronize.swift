internal import Machine
public import MemoryTypes
internal import PageTables

/// The flags argument of `msync`.
@frozen
public struct SynchronizeFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var asynchronous: SynchronizeFlags { SynchronizeFlags(rawValue: 1) }
  public static var invalidate: SynchronizeFlags { SynchronizeFlags(rawValue: 2) }
  public static var synchronous: SynchronizeFlags { SynchronizeFlags(rawValue: 4) }
}

extension AddressSpace {
  /// Writes changed pages of shared files back.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  /// - Throws: `invalidArgument` for flags that make no sense or a misaligned start; `outOfMemory` for
  ///   a range that wraps or a hole, which `.asynchronous` alone stops at and others pass over;
  ///   `busy` for `.invalidate` on locked memory. What came before is written.
  ///
  /// Linux: `msync()`, mm/msync.c.
  public mutating func msync(
    _ start: VirtualAddress, _ length: ByteCount, _ flags: SynchronizeFlags
  ) throws(MapError) {
    let start = layout.untagged(start)
    guard flags.isSubset(of: [.asynchronous, .invalidate, .synchronous]),
      pageSize.isAligned(start), !flags.isSuperset(of: [.asynchronous, .synchronous])
    else { throw .invalidArgument }
    let range = VirtualRange(start, count: pageSize.roundUp(length))
    guard range.end >= range.start else { throw .outOfMemory }
    guard range.end > range.start else { return }
    try synchronizeAreas(of: range, flags)
  }

  private mutating func synchronizeAreas(
    of range: VirtualRange, _ flags: SynchronizeFlags
  ) throws(MapError) {
    var position = range.start
    var hasHole = false
    while position < range.end {
      guard let vma = vmas.vma(atOrAfter: position) else { throw .outOfMemory }
      if position < vma.pointee.start {
        guard flags != .asynchronous, vma.pointee.start < range.end else { throw .outOfMemory }
        position = vma.pointee.start
        hasHole = true
      }
      if flags.contains(.invalidate), vma.pointee.flags.contains(.locked) { throw .busy }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      if flags.contains(.synchronous) { writeBack(vma, part) }
      position = part.end
    }
    if hasHole { throw .outOfMemory }
  }

  /// Pages of a file on a disk are clean afterwards, and the next write is noticed.
  ///
  /// Linux: `vfs_fsync_range()`, `folio_mkclean()`, mm/rmap.c.
  private mutating func writeBack(_ vma: Ref<VMA>, _ part: VirtualRange) {
    guard vma.pointee.flags.contains(.shared), let file = vma.pointee.file,
      file.pointee.kind == .regular
    else { return }
    batch.add(part)
    tables.protect(part) { leaf in
      leaf.contains(.dirty) ? leaf.subtracting([.dirty, .write]) : leaf
    }
  }
}
