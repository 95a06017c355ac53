internal import AddressSpaces
internal import Machine
public import MemoryTypes

/// `/proc/PID/pagemap`.
extension Kernel {
  /// Writes a word of eight bytes, lowest first, for each page from `page` on; nothing beyond the end of
  /// the task's address space.
  ///
  /// - Parameters:
  ///   - page: The number of the first page: a reader's position in the file, divided by 8.
  ///   - showsFrames: Whether the reader may know frame numbers (`CAP_SYS_ADMIN`).
  ///
  /// O(count × levels). Lock: takes `mmapLock` shared. Linux: `pagemap_read()`, fs/proc/task_mmu.c.
  public func writePageMap(
    of task: Ref<Task>, from page: UInt, count: UInt, showsFrames: Bool,
    to sink: inout some TextSink
  ) {
    let space = task.pointee.space
    let pageSize = space.pointee.pageSize
    let end = pageSize.pageNumber(of: space.pointee.layout.taskSize)
    guard page < end else { return }
    space.pointee.mmapLock.lockShared()
    for number in page..<(page + min(count, end - page)) {
      let entry = space.pointee.pageMapEntry(
        at: VirtualAddress(number << UInt(pageSize.shift)), showsFrames: showsFrames)
      for shift in 0..<8 { sink.write(UInt8(truncatingIfNeeded: entry >> UInt64(shift * 8))) }
    }
    space.pointee.mmapLock.unlockShared()
  }
}
