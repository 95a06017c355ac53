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
  var common: UInt64
  var union: UInt64
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
  @inline(__always)
  public func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap
  ) -> TranslationWalk {
    walk(address, from: table, at: level, downTo: end, in: memory) { _ in }
  }

  /// The same, and calls `visit` after each entry that was read, with what is known so far.
  @inline(__always)
  func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap,
    visiting visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    var walk = TranslationWalk(
      outcome: .nonCanonical, level: level ?? root, entry: PhysicalAddress(0), descriptor: 0,
      common: ~0, union: 0, references: 0)
    guard isCanonical(address) else { return walk }
    var table = pageSize.address(of: table)
    var shift = shift(of: walk.level)
    var indexMask = entryCount(of: walk.level) &- 1
    while true {
      let index = UInt64((address.rawValue &>> shift) & indexMask)
      walk.entry = PhysicalAddress(table.rawValue &+ index &<< UInt64(entryShift))
      guard memory.contains(walk.entry) else { return walk.ending(.noMemory) }
      walk.descriptor = load(walk.entry, in: memory)
      walk.references &+= 1
      guard walk.level > end, isTable(walk.descriptor, at: walk.level) else { break }
      if walk.level != root || !bits.rootGrantsAll {
        walk.common &= walk.descriptor
        walk.union |= walk.descriptor
      }
      visit(walk)
      table = blockAddress(in: walk.descriptor, at: .pte)
      walk.level = walk.level.below
      shift &-= UInt(bitsPerLevel)
      indexMask = 1 &<< UInt(bitsPerLevel) &- 1
    }
    visit(walk)
    return walk.ending(Self.outcome(of: kind(of: walk.descriptor, at: walk.level)))
  }

  @inline(__always)
  private static func outcome(of kind: DescriptorKind) -> TranslationWalk.Outcome {
    switch kind {
    case .leaf: .leaf
    case .inaccessible: .inaccessible
    case .empty: .empty
    case .software: .software
    case .reserved: .reserved
    case .malformed, .table: .malformed
    }
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
  @inline(__always)
  public func load(_ address: PhysicalAddress, in memory: DirectMap) -> UInt64 {
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
  @inline(__always)
  fileprivate consuming func ending(_ outcome: Outcome) -> TranslationWalk {
    self.outcome = outcome
    return self
  }
}
