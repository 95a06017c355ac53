public import MemoryTypes

/// Where a walk through page tables ended, and what it met on the way.
@frozen
public struct TranslationWalk: Sendable {
  @frozen
  public enum Outcome: UInt8, Hashable, Sendable {
    /// The address is mapped by `descriptor`.
    case leaf
    /// A leaf that keeps its frame but admits nobody.
    case inaccessible
    /// No entry.
    case empty
    /// An entry of software's own.
    case software
    /// A valid descriptor of a kind its level cannot have.
    case malformed
    /// A valid descriptor with bits that must be 0.
    case reserved
    /// The table at `level` would lie where there is no RAM. `entry` is where it was looked for.
    case noMemory
    /// The address is not one this format translates; nothing was read.
    case nonCanonical
  }

  public var outcome: Outcome
  /// The level of the entry that ended the walk.
  public var level: TranslationLevel
  /// Where that entry stands in RAM.
  public var entry: PhysicalAddress
  /// What it says.
  public var descriptor: UInt64
  /// The bits that all, and that any, of the table pointers above had set.
  @usableFromInline var common: UInt64
  @usableFromInline var union: UInt64
  /// The number of entries read.
  public var references: UInt8
}

extension TranslationFormat {
  /// Follows the tables under `table`, a table of `level` (the root's unless said), to the entry
  /// that decides about `address`.
  ///
  /// This is the one walker: the MMU model and the software operations both use it. It reads
  /// nothing but RAM, whatever stands in the tables, and ends after at most one entry per level.
  /// - Complexity: O(levels). Takes no lock: the caller holds what keeps tables from being freed.
  @inlinable @inline(__always)
  public func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap
  ) -> TranslationWalk {
    walk(address, from: table, at: level, downTo: end, in: memory) { _ in }
  }

  /// The same, and calls `visit` after each entry that was read, with what is known so far.
  @inlinable @inline(__always)
  func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap,
    visiting visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    let level = level ?? root
    guard isCanonical(address) else { return TranslationWalk(nonCanonicalAt: level) }
    let table = pageSize.address(of: table)
    guard isPlain else { return walkAny(address, table, level, end, memory, visit) }
    return descend(
      address, table, level, end, memory, visit, entryShift: 3, hasHighAddress: false,
      rootGrantsAll: false)
  }

  /// The same for formats that are not plain.
  @usableFromInline @inline(never)
  func walkAny(
    _ address: VirtualAddress, _ table: PhysicalAddress, _ level: TranslationLevel,
    _ end: TranslationLevel, _ memory: DirectMap, _ visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    descend(
      address, table, level, end, memory, visit, entryShift: UInt(entryShift),
      hasHighAddress: bits.highAddress != 0, rootGrantsAll: bits.rootGrantsAll)
  }

  /// The walk itself. The last three parameters say again what the format does, so that most formats
  /// get code in which they are constants: this loop prices every miss of a TLB.
  @inlinable @inline(__always)
  func descend(
    _ address: VirtualAddress, _ table: PhysicalAddress, _ start: TranslationLevel,
    _ end: TranslationLevel, _ memory: DirectMap, _ visit: (TranslationWalk) -> Void,
    entryShift: UInt, hasHighAddress: Bool, rootGrantsAll: Bool
  ) -> TranslationWalk {
    var level = start
    var table = table.rawValue
    // Shift and mask give the offset of an entry in its table, not its index.
    let isRoot = start == root
    var shift = (isRoot ? UInt(rootShift) : shift(of: level)) &- entryShift
    var offsetMask = isRoot ? rootOffsetMask : tableOffsetMask
    let perLevel = UInt(bitsPerLevel)
    let (tableKind, addressBits) = (bits.tableKind, bits.address)
    var tableMask = bits.tableMask | (isRoot ? bits.rootReserved : 0)
    var (common, union) = (~0 as UInt64, 0 as UInt64)
    while true {
      let entry = PhysicalAddress(
        table &+ UInt64((address.rawValue &>> shift) & offsetMask))
      guard memory.contains(entry) else {
        return TranslationWalk(
          .noMemory, level, entry, 0, common, union, start.rawValue &- level.rawValue)
      }
      let descriptor = load(entry, in: memory, entryShift: entryShift)
      let isTable = level > end && descriptor & tableMask == tableKind
      if isTable, !rootGrantsAll || level != root {
        common &= descriptor
        union |= descriptor
      }
      let isPage = level == .pte && descriptor & bits.pageMask == bits.pageKind
      let walk = TranslationWalk(
        isTable ? .malformed : isPage ? .leaf : outcome(of: descriptor, at: level), level, entry,
        descriptor, common, union, start.rawValue &- level.rawValue &+ 1)
      visit(walk)
      guard isTable else { return walk }
      table = descriptor & addressBits
      if hasHighAddress {
        table |= (descriptor & bits.highAddress) &<< UInt64(bits.highAddressShift)
      }
      level = level.below
      shift &-= perLevel
      offsetMask = tableOffsetMask
      tableMask = bits.tableMask
    }
  }

  /// What a walk that ends at `descriptor` found.
  @usableFromInline @inline(never)
  func outcome(of descriptor: UInt64, at level: TranslationLevel) -> TranslationWalk.Outcome {
    switch kind(of: descriptor, at: level) {
    case .leaf: .leaf
    case .inaccessible: .inaccessible
    case .empty: .empty
    case .software: .software
    case .reserved: .reserved
    case .malformed, .table: .malformed
    }
  }

  /// The byte behind `address`, to which `walk` found a leaf.
  @inlinable @inline(__always)
  public func physicalAddress(of address: VirtualAddress, in walk: TranslationWalk)
    -> PhysicalAddress
  {
    let within = UInt64(address.rawValue) & ((1 &<< UInt64(shift(of: walk.level))) &- 1)
    return PhysicalAddress(blockAddress(in: walk.descriptor, at: walk.level).rawValue | within)
  }

  /// What programs and the kernel may do at the end of a walk that found a leaf: the leaf's
  /// attributes, less what the tables above take away.
  @inline(__always)
  public func effectiveAttributes(of walk: TranslationWalk) -> LeafAttributes {
    var result = attributes(of: walk.descriptor, at: walk.level)
    if walk.common & bits.tableWritable != bits.tableWritable
      || walk.union & bits.tableReadOnly != 0
    {
      result.remove(.write)
    }
    if walk.union & bits.tableNoExecuteUser != 0 { result.remove(.execute) }
    if walk.union & bits.tableNoExecuteKernel != 0 { result.remove(.kernelExecute) }
    if walk.common & bits.tableUser != bits.tableUser {
      result.subtract([.user, .execute])
    }
    if walk.union & bits.tableNoUser != 0 { result.remove(.user) }
    return result
  }

  /// The entry at `address`, which must be in RAM and aligned to an entry.
  @inlinable @inline(__always)
  public func load(_ address: PhysicalAddress, in memory: DirectMap) -> UInt64 {
    load(address, in: memory, entryShift: UInt(entryShift))
  }

  @inlinable @inline(__always)
  func load(_ address: PhysicalAddress, in memory: DirectMap, entryShift: UInt) -> UInt64 {
    let pointer = unsafe memory.pointer(to: address)
    // SAFETY: a table is a page in RAM; both entry sizes divide it.
    return entryShift == 3
      ? unsafe pointer.load(as: UInt64.self) : unsafe UInt64(pointer.load(as: UInt32.self))
  }

  /// Writes `count` leaves of the last level with successive frames, of which `descriptor` with
  /// `frame` is the first, from `address` on: entries in a row, which must be in RAM.
  @inline(__always)
  public func storeRun(
    _ descriptor: UInt64, _ frame: PageFrameNumber, count: UInt, at address: PhysicalAddress,
    in memory: DirectMap
  ) {
    guard count > 0 else { return }
    let pointer = unsafe memory.pointer(to: address)
    let step = UInt64(pageSize.bytes.rawValue)
    let rest = descriptor & ~(bits.address | bits.highAddress)
    let last = leafAddressBits(frame + PageCount(count &- 1))
    if last &- (descriptor & ~rest) != UInt64(count &- 1) &* step {
      // Address bits that stand elsewhere change on the way: entry by entry.
      for index in 0..<count {
        let entry = PhysicalAddress(address.rawValue &+ UInt64(index) &<< UInt64(entryShift))
        store(rest | leafAddressBits(frame + PageCount(index)), at: entry, in: memory)
      }
    } else if entryShift == 3 {
      // SAFETY: as in `load(_:in:)`, for each of the entries.
      let entries = unsafe pointer.assumingMemoryBound(to: UInt64.self)
      var next = descriptor
      for index in 0..<Int(bitPattern: count) {
        unsafe entries[index] = next
        next &+= step
      }
    } else {
      let entries = unsafe pointer.assumingMemoryBound(to: UInt32.self)
      var next = UInt32(truncatingIfNeeded: descriptor)
      for index in 0..<Int(bitPattern: count) {
        unsafe entries[index] = next
        next &+= UInt32(truncatingIfNeeded: step)
      }
    }
  }

  /// Replaces the entry at `address`, which must be in RAM and aligned to an entry.
  @inline(__always)
  public func store(_ descriptor: UInt64, at address: PhysicalAddress, in memory: DirectMap) {
    let pointer = unsafe memory.pointer(to: address)
    // SAFETY: as in `load(_:in:)`.
    if entryShift == 3 {
      unsafe pointer.storeBytes(of: descriptor, as: UInt64.self)
    } else {
      unsafe pointer.storeBytes(of: UInt32(truncatingIfNeeded: descriptor), as: UInt32.self)
    }
  }
}

extension TranslationWalk {
  @inlinable @inline(__always)
  init(
    _ outcome: Outcome, _ level: TranslationLevel, _ entry: PhysicalAddress,
    _ descriptor: UInt64, _ common: UInt64, _ union: UInt64, _ references: UInt8
  ) {
    self.outcome = outcome
    self.level = level
    self.entry = entry
    self.descriptor = descriptor
    self.common = common
    self.union = union
    self.references = references
  }

  @inlinable @inline(__always)
  init(nonCanonicalAt level: TranslationLevel) {
    self.init(.nonCanonical, level, PhysicalAddress(0), 0, ~0, 0, 0)
  }
}
