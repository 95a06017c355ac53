public import Machine
public import MemoryTypes

extension PageTable {
  /// Maps `range` to the frames from `first` on.
  ///
  /// Missing tables are allocated first: when there are too few frames for them, nothing changed.
  /// No invalidation is needed.
  /// - Parameter sizes: `.largest` uses each leaf size and contiguous group that addresses and
  ///   frames are aligned for, except where a table stands already.
  /// - Precondition: `range` is page-aligned, canonical, in one half, not the kernel's shared part,
  ///   and nothing is mapped there. A `range.end` of 0 means the end of the address space.
  /// - Complexity: O(leaves + tables touched).
  ///
  /// Linux: `vmap_range_noflush()`, mm/vmalloc.c; `__create_pgd_mapping()`, arch/arm64/mm/mmu.c.
  public mutating func map(
    _ range: VirtualRange, to first: PageFrameNumber, _ attributes: LeafAttributes,
    sizes: LeafSizes = .pages
  ) throws(AllocationError) {
    guard range.start != range.end else { return }
    let last = VirtualAddress(range.end.rawValue &- 1)
    precondition(format.isCanonical(range.start) && format.isCanonical(last), "not canonical")
    precondition(
      format.index(of: last, at: format.root) < ownedRootEntries, "the kernel's shared tables")
    let filler = RangeFiller(
      first: range.start, last: last, frame: first,
      attributes: attributes.subtracting(.contiguous), sizes: sizes)
    let missing = tablesMissing(filler, under: root, at: format.root, range.start, last)
    var reserve = try TableReserve(missing, from: pages)
    fill(filler, root, at: format.root, range.start, last, &reserve)
    assert(reserve.count == 0, "more tables were foreseen than needed")
  }

  /// The tables that `fill` will take for `first … last`, which one table of `level` covers; nil
  /// for a table that is missing itself.
  private func tablesMissing(
    _ filler: RangeFiller, under table: PageFrameNumber?, at level: TranslationLevel,
    _ first: VirtualAddress, _ last: VirtualAddress
  ) -> UInt {
    guard level > .pte else { return 0 }
    var missing: UInt = 0
    var address = first
    while true {
      let end = min(last, format.blockLast(address, at: level))
      let entry = table.map {
        load(EntryLocation(table: $0, index: format.index(of: address, at: level)))
      }
      if let entry, entry != 0 {
        precondition(format.kind(of: entry, at: level) == .table, "something is mapped there")
        let below = format.frame(in: entry, at: .pte)
        missing += tablesMissing(filler, under: below, at: level.below, address, end)
      } else if !filler.fitsLeaf(address, end, at: level, format) {
        missing += 1 + tablesMissing(filler, under: nil, at: level.below, address, end)
      }
      guard end < last else { return missing }
      address = end + ByteCount(1)
    }
  }

  private mutating func fill(
    _ filler: RangeFiller, _ table: PageFrameNumber, at level: TranslationLevel,
    _ first: VirtualAddress, _ last: VirtualAddress, _ reserve: inout TableReserve
  ) {
    guard level > .pte else { return fillPages(filler, table, first, last) }
    var address = first
    while true {
      let end = min(last, format.blockLast(address, at: level))
      let location = EntryLocation(table: table, index: format.index(of: address, at: level))
      var entry = load(location)
      if entry == 0, filler.fitsLeaf(address, end, at: level, format) {
        store(leaf(filler, address, at: location, level), at: location)
      } else {
        if entry == 0 {
          counts[level.below] += 1
          entry = format.tableDescriptor(reserve.take(in: memory), for: address, at: level)
          store(entry, at: location)
        }
        fill(filler, format.frame(in: entry, at: .pte), at: level.below, address, end, &reserve)
      }
      guard end < last else { return }
      address = end + ByteCount(1)
    }
  }

  /// The large leaf for `address`, one of a contiguous group where all of that can be leaves.
  private func leaf(
    _ filler: RangeFiller, _ address: VirtualAddress, at location: EntryLocation,
    _ level: TranslationLevel
  ) -> UInt64 {
    let frame = filler.frame(of: address, format)
    var attributes = filler.attributes
    if filler.fitsGroup(address, at: level, format), !groupHasTable(location, level) {
      attributes.insert(.contiguous)
    }
    return format.leafDescriptor(frame, attributes, at: level)
  }

  private func groupHasTable(_ location: EntryLocation, _ level: TranslationLevel) -> Bool {
    var hasTable = false
    let address = format.pageSize.address(of: location.table).rawValue
    let entry = PhysicalAddress(address &+ UInt64(location.index) &* format.entrySize)
    forEachEntry(ofGroupAt: entry, level) { entry in
      let descriptor = format.load(entry, in: memory)
      if format.kind(of: descriptor, at: level) == .table { hasTable = true }
    }
    return hasTable
  }

  /// Fills entries of one last-level table: those before the first whole contiguous group, those
  /// of groups, and the rest.
  private func fillPages(
    _ filler: RangeFiller, _ table: PageFrameNumber, _ first: VirtualAddress,
    _ last: VirtualAddress
  ) {
    let index = format.index(of: first, at: .pte)
    let count = format.index(of: last, at: .pte) &- index &+ 1
    let frame = filler.frame(of: first, format)
    let group: UInt = 1 &<< format.contiguousShift(of: .pte)
    var head = count
    var grouped: UInt = 0
    if filler.sizes == .largest, group > 1, (frame.rawValue ^ index) & (group &- 1) == 0 {
      head = min(count, (0 &- index) & (group &- 1))
      grouped = (count &- head) & ~(group &- 1)
    }
    fillRun(filler.attributes, table, index, frame, head)
    fillRun(
      filler.attributes.union(.contiguous), table, index &+ head, frame + PageCount(head), grouped)
    let done = head &+ grouped
    fillRun(filler.attributes, table, index &+ done, frame + PageCount(done), count &- done)
  }

  @inline(__always)
  private func fillRun(
    _ attributes: LeafAttributes, _ table: PageFrameNumber, _ index: UInt,
    _ first: PageFrameNumber, _ count: UInt
  ) {
    guard count > 0 else { return }
    let address = format.pageSize.address(of: table).rawValue
    format.storeRun(
      format.leafDescriptor(first, attributes), first, count: count,
      at: PhysicalAddress(address &+ UInt64(index) &* format.entrySize), in: memory)
  }
}

/// What a range is filled with, and which leaves suit.
private struct RangeFiller {
  var first: VirtualAddress
  var last: VirtualAddress
  /// The frame of `first`.
  var frame: PageFrameNumber
  var attributes: LeafAttributes
  var sizes: LeafSizes

  func frame(of address: VirtualAddress, _ format: borrowing TranslationFormat) -> PageFrameNumber {
    frame + PageCount((address.rawValue &- first.rawValue) >> UInt(format.pageSize.shift))
  }

  /// Whether `address … end`, part of one entry of `level`, can be one leaf.
  func fitsLeaf(
    _ address: VirtualAddress, _ end: VirtualAddress, at level: TranslationLevel,
    _ format: borrowing TranslationFormat
  ) -> Bool {
    guard sizes == .largest, format.mayHoldLeaf(level) else { return false }
    let span = format.span(of: level).rawValue
    return fits(VirtualRange(address, count: ByteCount(span)), end: end, format)
  }

  /// Whether the contiguous group around `address` lies in the range and is aligned.
  func fitsGroup(
    _ address: VirtualAddress, at level: TranslationLevel, _ format: borrowing TranslationFormat
  ) -> Bool {
    guard sizes == .largest, format.contiguousShift(of: level) != 0 else { return false }
    let group = format.group(around: address, at: level)
    guard group.start >= first else { return false }
    return fits(group, end: last, format)
  }

  /// Whether `block` is aligned to its size, in addresses and in frames, and ends by `end`.
  private func fits(
    _ block: VirtualRange, end: VirtualAddress, _ format: borrowing TranslationFormat
  ) -> Bool {
    let mask = block.count.rawValue &- 1
    guard block.start.rawValue & mask == 0, block.start.rawValue | mask <= end.rawValue else {
      return false
    }
    let frames = mask >> UInt(format.pageSize.shift)
    return frame(of: block.start, format).rawValue & frames == 0
  }
}
