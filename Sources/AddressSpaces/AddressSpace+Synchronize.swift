public import MemoryTypes

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

extension Ref where Object == AddressSpace {
  /// Writes changed pages of shared files back.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  ///   - settle: Called for each address space whose translations were narrowed: flushes its `batch`.
  /// - Throws: `invalidArgument` for flags that make no sense or a misaligned start; `outOfMemory` for
  ///   a range that wraps or a hole, which `.asynchronous` alone stops at and others pass over;
  ///   `busy` for `.invalidate` on locked memory. What came before is written.
  ///
  /// Linux: `msync()`, mm/msync.c.
  public func msync(
    _ start: VirtualAddress, _ length: ByteCount, _ flags: SynchronizeFlags,
    settle: (Ref<AddressSpace>) -> Void
  ) throws(MapError) {
    let pageSize = pointee.pageSize
    let start = pointee.layout.untagged(start)
    guard flags.isSubset(of: [.asynchronous, .invalidate, .synchronous]),
      pageSize.isAligned(start), !flags.isSuperset(of: [.asynchronous, .synchronous])
    else { throw .invalidArgument }
    let range = VirtualRange(start, count: pageSize.roundUp(length))
    guard range.end >= range.start else { throw .outOfMemory }
    guard range.end > range.start else { return }
    try synchronizeAreas(of: range, flags, settle)
  }

  private func synchronizeAreas(
    of range: VirtualRange, _ flags: SynchronizeFlags, _ settle: (Ref<AddressSpace>) -> Void
  ) throws(MapError) {
    var position = range.start
    var hasHole = false
    while position < range.end {
      guard let vma = pointee.vmas.vma(atOrAfter: position) else { throw .outOfMemory }
      if position < vma.pointee.start {
        guard flags != .asynchronous, vma.pointee.start < range.end else { throw .outOfMemory }
        position = vma.pointee.start
        hasHole = true
      }
      if flags.contains(.invalidate), vma.pointee.flags.contains(.locked) { throw .busy }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      if flags.contains(.synchronous) { writeBack(vma.pointee, part, settle) }
      position = part.end
    }
    if hasHole { throw .outOfMemory }
  }

  /// Linux: `vfs_fsync_range()`, fs/sync.c.
  private func writeBack(
    _ area: VMA, _ part: VirtualRange, _ settle: (Ref<AddressSpace>) -> Void
  ) {
    guard area.flags.contains(.shared), let file = area.file else { return }
    let pageSize = pointee.pageSize
    let first = area.pageOffset(of: part.start, pageSize)
    let last = first &+ pageSize.pages(in: part.count).rawValue &- 1
    pointee.services.writeBack(file, from: first, through: last, settle: settle)
  }
}
