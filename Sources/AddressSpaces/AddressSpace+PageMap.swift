internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension AddressSpace {
  /// The word of `/proc/PID/pagemap` for one page.
  ///
  ///      63      62    61           56         54 … 0
  ///     +-------+-----+------------+----------+-------------+
  ///     |present| swap| file,shared| one user | frame number|     0 for a page that is not there
  ///     +-------+-----+------------+----------+-------------+
  ///
  /// - Parameter showsFrames: Frame numbers are for the privileged; 0 for others.
  ///
  /// O(levels). Linux: `pte_to_pagemap_entry()`, fs/proc/task_mmu.c;
  /// Documentation/admin-guide/mm/pagemap.rst.
  public func pageMapEntry(at address: VirtualAddress, showsFrames: Bool) -> UInt64 {
    guard let vma = vmas.vma(at: address), let leaf = tables.leaf(at: pageSize.roundDown(address))
    else { return 0 }
    var entry: UInt64 = 1 << 63
    if showsFrames { entry |= UInt64(leaf.frame.rawValue) & ((1 << 55) - 1) }
    let page = services.pointee.pages.pointee.page(of: leaf.frame)
    guard vma.pointee.special == .none, page != services.pointee.zeroPage else { return entry }
    if !page.pointee.isAnonymous { entry |= 1 << 61 }
    if page.pointee.mapCount == 1 { entry |= 1 << 56 }
    return entry
  }
}
