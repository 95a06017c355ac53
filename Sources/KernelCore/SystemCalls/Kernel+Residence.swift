internal import AddressSpaces
internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// What is in memory, and what of it goes to files.
extension Kernel {
  /// Calls `report` for each page of the range, upwards, until a hole.
  ///
  /// - Parameter vector: Where the program wants the answers, a byte for each page; nil where nobody
  ///   writes them. Its pages come into memory.
  /// - Throws: `EINVAL`, `ENOMEM` for a hole; `EFAULT` for a vector that cannot be written, `EAGAIN` for
  ///   want of the page that answers are gathered in.
  ///
  /// Linux: `mincore`, mm/mincore.c.
  public mutating func mincore(
    _ task: Ref<Task>, address: UInt, length: UInt, vector: UInt? = nil, _ report: (Bool) -> Void
  ) throws(Errno) {
    let pageSize = settings.layout.pageSize
    let start = settings.layout.untagged(VirtualAddress(address))
    guard start.rawValue & pageSize.offsetMask == 0 else { throw .EINVAL }
    guard isUserRange(start.rawValue, length) else { throw .ENOMEM }
    let count = pageSize.pages(in: ByteCount(length)).rawValue
    if let vector, !isUserRange(vector, count) { throw .EFAULT }
    let buffer: Ref<Page>
    do { buffer = try pages.pointee.allocatePage(flags: .user) } catch { throw .EAGAIN }
    defer { pages.pointee.freePage(buffer) }
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mincore(VirtualAddress(address), ByteCount(length), report)
    }
    if let vector { try touch(task, vector, count) }
  }

  /// Linux: `access_ok()`.
  private func isUserRange(_ start: UInt, _ count: UInt) -> Bool {
    let limit = settings.layout.taskSize.rawValue
    return start <= limit && count <= limit &- start
  }

  /// Makes `count` bytes of a program's memory writable for the kernel. Linux: `copy_to_user()`.
  private mutating func touch(_ task: Ref<Task>, _ start: UInt, _ count: UInt) throws(Errno) {
    let pageSize = settings.layout.pageSize
    var address = pageSize.roundDown(VirtualAddress(start))
    let end = VirtualAddress(start &+ count)
    while address < end {
      do throws(FaultError) { try pageFault(task, at: address, .write) } catch { throw .EFAULT }
      address = address + pageSize.bytes
    }
  }

  /// Linux: `msync`, mm/msync.c.
  public mutating func msync(
    _ task: Ref<Task>, address: UInt, length: UInt, flags: UInt
  ) throws(Errno) {
    let bits = SynchronizeFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    let space = task.pointee.space
    try locked(space) { () throws(MapError) in
      try space.msync(VirtualAddress(address), ByteCount(length), bits) { flush($0) }
    }
  }
}
