/// What translations of one size of leaf, or of all, came to.
@frozen
public struct TranslationCounts: Hashable, Sendable {
  /// Hits by the size of the entry that hit.
  public var instructionHits: UInt64 = 0
  public var dataHits: UInt64 = 0
  public var secondHits: UInt64 = 0
  /// Walks, and the table entries they read, by the size of the leaf.
  public var walks: UInt64 = 0
  public var references: UInt64 = 0
  /// What misses of the first level cost: look-ups in the second, and references.
  public var cycles: UInt64 = 0

  public init() {}

  public var firstHits: UInt64 { instructionHits &+ dataHits }
  /// Translations asked for.
  public var lookups: UInt64 { firstHits &+ secondHits &+ walks }

  public static func += (left: inout Self, right: Self) {
    left.instructionHits &+= right.instructionHits
    left.dataHits &+= right.dataHits
    left.secondHits &+= right.secondHits
    left.walks &+= right.walks
    left.references &+= right.references
    left.cycles &+= right.cycles
  }
}

/// What is counted beside the TLBs' own counts, by size of the leaf.
@frozen
public struct WalkCounts: Sendable {
  var walks: UInt64 = 0
  var references: UInt64 = 0
  var cycles: UInt64 = 0
  var secondCycles: UInt64 = 0
}

extension TLBHierarchy {
  /// The counts for leaves of 2^`shift` bytes, `shift` below 64; at 0 of walks that ended in a
  /// fault.
  public func counts(ofShift shift: Int) -> TranslationCounts {
    var counts = TranslationCounts()
    counts.instructionHits = instruction.hits(ofShift: shift)
    counts.dataHits = data.hits(ofShift: shift)
    counts.secondHits =
      second.hits(ofShift: shift) &+ secondInstruction.hits(ofShift: shift)
    let walk = unsafe walkCounts[shift]
    counts.walks = walk.walks
    counts.references = walk.references
    counts.cycles = walk.cycles &+ walk.secondCycles
    return counts
  }

  /// The counts for all sizes together, faults included.
  public var totals: TranslationCounts {
    var sum = TranslationCounts()
    for shift in 0..<64 { sum += counts(ofShift: shift) }
    return sum
  }

  /// How often a translation was asked for.
  public var lookups: UInt64 { instruction.lookups &+ data.lookups }

  /// How often it was on no level, or did not allow the access.
  public var misses: UInt64 {
    var walks: UInt64 = 0
    for shift in 0..<64 { unsafe walks &+= walkCounts[shift].walks }
    return walks
  }

  /// How often it was on the first or the second level.
  public var hits: UInt64 { lookups &- misses }
}
