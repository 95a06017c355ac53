internal import Machine
internal import MemoryTypes

/// An entry that is not empty, found by a visit.
struct VisitedEntry {
  /// The first address it covers.
  var address: VirtualAddress
  var level: TranslationLevel
  var kind: DescriptorKind
  var descriptor: UInt64
  var location: PhysicalAddress

  var isLeaf: Bool { kind == .leaf || kind == .inaccessible }
}

extension PageTable {
  /// Calls `body` for each entry in `range` that is not empty and points to no table, upwards.
  ///
  /// One walk finds the last table on the way to an address; its entries are then read in a row,
  /// so the cost is O(entries of the tables touched). Ends at `range.end`, where 0 means the end
  /// of the address space.
  func visitEntries(in range: VirtualRange, _ body: (VisitedEntry) -> Void) {
    guard range.start != range.end else { return }
    let last = VirtualAddress(range.end.rawValue &- 1)
    var address = range.start
    while address <= last {
      let walk = walk(address)
      if walk.outcome == .nonCanonical {
        guard format.hasHighHalf, !format.hasHighRoot, address < highHalf else { return }
        address = highHalf
        continue
      }
      let blockLast =
        walk.level == .pte
        ? visitTable(walk, from: address, to: last, body) : visitBlock(walk, address, body)
      guard blockLast < last else { return }
      address = blockLast + ByteCount(1)
    }
  }

  /// The first canonical address of the high half.
  private var highHalf: VirtualAddress { VirtualAddress(UInt.max << UInt(format.canonicalShift)) }

  /// Visits the entry that ended `walk` above the last level; returns its last address.
  private func visitBlock(
    _ walk: TranslationWalk, _ address: VirtualAddress, _ body: (VisitedEntry) -> Void
  ) -> VirtualAddress {
    if walk.outcome != .empty, walk.outcome != .noMemory {
      body(
        VisitedEntry(
          address: format.blockStart(address, at: walk.level), level: walk.level,
          kind: format.kind(of: walk.descriptor, at: walk.level), descriptor: walk.descriptor,
          location: walk.entry))
    }
    return format.blockLast(address, at: walk.level)
  }

  /// Visits the rest of the last-level table that `walk` ended in, up to the page of `last`;
  /// returns the last address the table covers.
  private func visitTable(
    _ walk: TranslationWalk, from address: VirtualAddress, to last: VirtualAddress,
    _ body: (VisitedEntry) -> Void
  ) -> VirtualAddress {
    let tableLast = format.blockLast(address, at: .pmd)
    guard walk.outcome != .noMemory else { return tableLast }
    let step = format.pageSize.bytes
    var page = format.pageSize.roundDown(address)
    var location = walk.entry
    let count =
      format.pageSize.pageNumber(of: min(last, tableLast))
      - format.pageSize.pageNumber(of: page) + 1
    for _ in 0..<count {
      let descriptor = format.load(location, in: memory)
      if descriptor != 0 {
        body(
          VisitedEntry(
            address: page, level: .pte, kind: format.kind(of: descriptor, at: .pte),
            descriptor: descriptor, location: location))
      }
      page = page + step
      location = location + ByteCount(1 << UInt(format.entryShift))
    }
    return tableLast
  }
}
