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
  /// Whether that is certain. If not, `TranslationFormat.settled(…)` says it.
  public var isSettled: Bool
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
}

extension TranslationWalk {
  /// Before the first entry of a table of `level`.
  @inlinable @inline(__always)
  init(startingAt level: TranslationLevel) {
    outcome = .malformed
    isSettled = false
    self.level = level
    entry = PhysicalAddress(0)
    descriptor = 0
    common = ~0
    union = 0
    references = 0
  }

  @inlinable @inline(__always)
  init(nonCanonicalAt level: TranslationLevel) {
    self = TranslationWalk(startingAt: level).ended(.nonCanonical)
  }

  /// The same with what it found.
  @inlinable @inline(__always)
  func ended(_ outcome: Outcome) -> TranslationWalk {
    var walk = self
    walk.outcome = outcome
    walk.isSettled = true
    return walk
  }

  /// The same where the table is not in RAM.
  @inlinable @inline(__always)
  var endedBeyondMemory: TranslationWalk {
    var walk = ended(.noMemory)
    walk.descriptor = 0
    return walk
  }
}
