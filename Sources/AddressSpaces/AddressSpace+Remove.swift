internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// `MADV_REMOVE`: holes in shared files, which every address space feels that maps them.
extension Ref where Object == AddressSpace {
  /// Makes the range of each shared file behind it a hole: its pages go, for everybody.
  ///
  /// - Parameter settle: As for `madvise`.
  /// - Throws: `invalidArgument` for locked or private anonymous memory, `accessDenied` for a mapping
  ///   that is private or not writable, `outOfMemory` for a hole in the range. What came before is
  ///   punched.
  ///
  /// Linux: `madvise_remove()`, `vfs_fallocate()`.
  func punchHoles(
    in range: VirtualRange, settle: (Ref<AddressSpace>) -> Void
  ) throws(MapError) {
    var position = range.start
    var hasHole = false
    while position < range.end {
      guard let vma = pointee.vmas.vma(atOrAfter: position) else { throw .outOfMemory }
      if position < vma.pointee.start {
        hasHole = true
        position = vma.pointee.start
        if position >= range.end { break }
      }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      try punchHole(vma.pointee, part, settle)
      position = part.end
    }
    if hasHole { throw .outOfMemory }
  }

  private func punchHole(
    _ area: VMA, _ part: VirtualRange, _ settle: (Ref<AddressSpace>) -> Void
  ) throws(MapError) {
    try pointee.checkSeal(.remove, area)
    guard !area.flags.contains(.locked), let file = area.file else { throw .invalidArgument }
    guard area.flags.isSuperset(of: [.shared, .mayWrite]) else { throw .accessDenied }
    let pageSize = pointee.pageSize
    let first = area.pageOffset(of: part.start, pageSize)
    let offset = UInt64(first) << UInt64(pageSize.shift)
    guard offset <= UInt64(Int64.max) &- UInt64(part.count.rawValue) else { throw .fileTooLarge }
    guard file.pointee.kind == .regular || file.pointee.kind == .sharedMemory else {
      throw .unsupportedFlag
    }
    let pages = pageSize.pages(in: part.count)
    pointee.services.punch(file, first, pages, settle: settle)
  }
}

extension Ref where Object == MemoryServices {
  /// Takes pages of a file out of its cache and out of every area that shows them. Copies that a private
  /// mapping made of them stay.
  ///
  /// Linux: `truncate_pagecache_range()`, mm/truncate.c; `shmem_fallocate()`.
  func punch(
    _ file: Ref<MappedFile>, _ first: UInt, _ count: PageCount,
    settle: (Ref<AddressSpace>) -> Void
  ) {
    let last = first &+ count.rawValue &- 1
    file.pointee.mappings.forEachOverlap(first, through: last) { vma in
      guard let space = vma.pointee.space else { return }
      space.pointee.unmapCachedPages(of: vma, first, last)
      settle(space)
    }
    while let entry = file.pointee.cache.first(atOrAfter: first), entry.index <= last {
      _ = file.pointee.cache.remove(at: entry.index)
      guard let page = page(atAddress: entry.value) else { continue }
      page.pointee.references -= 1
      if page.pointee.references == 0 { pointee.pages.pointee.freePage(page) }
    }
  }
}

extension AddressSpace {
  /// Linux: `unmap_mapping_range()` without `even_cows`.
  fileprivate mutating func unmapCachedPages(of vma: Ref<VMA>, _ first: UInt, _ last: UInt) {
    let offset = vma.pointee.pageOffset
    let hidden = PageCount(first > offset ? first &- offset : 0)
    var address = vma.pointee.start + pageSize.bytes(in: hidden)
    var index = offset &+ hidden.rawValue
    while address < vma.pointee.end, index <= last {
      let page = VirtualRange(address, count: pageSize.bytes)
      if let leaf = tables.leaf(at: address),
        !services.pointee.pages.pointee.page(of: leaf.frame).pointee.isAnonymous
      {
        unmapPages(of: vma, page)
      }
      address = page.end
      index &+= 1
    }
  }
}
