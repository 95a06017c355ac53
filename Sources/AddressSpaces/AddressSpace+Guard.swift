internal import Machine
internal import MemoryTypes
internal import PageTables

/// Guard markers: entries in the tables that no access gets past, without a VMA of their own.
///
/// They outlive `MADV_DONTNEED` and `MADV_FREE`, are inherited by a fork, and go with the mapping or by
/// `MADV_GUARD_REMOVE`. Linux: `madvise_guard_install()`, mm/madvise.c (6.13 and later).
extension AddressSpace {
  /// Forgets the pages of a part and puts a marker in the place of each.
  ///
  /// - Throws: `invalidArgument` for locked or special memory, `outOfMemory` for want of a table: the
  ///   markers set until then stay.
  mutating func installGuards(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    guard mayBeGuarded(vma.pointee, evenLocked: false) else { throw .invalidArgument }
    if !services.pointee.rules.contains(.showsGuards) || vma.pointee.isAnonymous {
      try prepareFamily(vma)
    }
    vma.pointee.flags.insert(.mayHaveGuards)
    unmapPages(of: vma, part)
    var address = part.start
    while address < part.end {
      do { try tables.place(.guardMarker, at: address) } catch { throw .outOfMemory }
      address = address + pageSize.bytes
    }
  }

  /// Takes the markers of a part away; pages stay. Linux: `madvise_guard_remove()`.
  mutating func liftGuards(_ vma: Ref<VMA>, _ part: VirtualRange) throws(MapError) {
    guard mayBeGuarded(vma.pointee, evenLocked: true) else { throw .invalidArgument }
    removeGuards(of: vma, part)
  }

  /// Whether no access may have the page. Linux: `is_guard_pte_marker()`.
  func isGuarded(_ vma: Ref<VMA>, _ address: VirtualAddress) -> Bool {
    vma.pointee.flags.contains(.mayHaveGuards) && tables.softwareEntry(at: address) == .guardMarker
  }

  /// Clears the markers of a range that is unmapped or no longer guarded.
  mutating func removeGuards(of vma: Ref<VMA>, _ range: VirtualRange) {
    guard vma.pointee.flags.contains(.mayHaveGuards) else { return }
    var address = range.start
    while let guarded = firstGuard(in: VirtualRange(address, range.end)) {
      let page = VirtualRange(guarded, count: pageSize.bytes)
      tables.removeSoftwareEntries(page) { _, _ in }
      address = page.end
    }
  }

  private func firstGuard(in range: VirtualRange) -> VirtualAddress? {
    guard range.start < range.end else { return nil }
    var cursor = tables.cursor(range)
    while let entry = tables.next(&cursor) {
      if entry.kind == .software, tables.softwareEntry(at: entry.address) == .guardMarker {
        return entry.address
      }
    }
    return nil
  }

  /// Linux: `is_valid_guard_vma()`.
  private func mayBeGuarded(_ area: VMA, evenLocked: Bool) -> Bool {
    let forbidden = VMAFlags.special.union(evenLocked ? .hugeTLB : [.hugeTLB, .locked])
    guard area.flags.isDisjoint(with: forbidden) else { return false }
    return services.pointee.rules.contains(.guardsFiles)
      || (area.isAnonymous && area.flags.contains(.mayWrite))
  }
}
