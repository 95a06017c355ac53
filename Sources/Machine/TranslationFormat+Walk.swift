public import MemoryTypes

extension TranslationFormat {
  /// Follows the tables under `table`, a table of `level` (the root's unless said), to the entry
  /// that decides about `address`.
  ///
  /// This is the one walker: the MMU model and the software operations both use it. It reads
  /// nothing but RAM, whatever stands in the tables, and ends after at most one entry per level.
  /// Who walks often takes its two halves, `walker` and `settled(…)`, one by one.
  /// - Complexity: O(levels). Takes no lock: the caller holds what keeps tables from being freed.
  @inlinable @inline(__always)
  public func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap
  ) -> TranslationWalk {
    let walk = walker.walk(address, from: table, at: level, downTo: end, in: memory)
    return walk.isSettled ? walk : settled(walk, address, from: table, downTo: end, in: memory)
  }

  /// The whole of a walk that `walker` did not settle.
  public func settled(
    _ walk: TranslationWalk, _ address: VirtualAddress, from table: PageFrameNumber,
    downTo end: TranslationLevel = .pte, in memory: DirectMap
  ) -> TranslationWalk {
    settled(walk, address, from: table, downTo: end, in: memory) { _ in }
  }

  /// The same, and calls `visit` for the entries that `walker` has not read.
  func settled(
    _ walk: TranslationWalk, _ address: VirtualAddress, from table: PageFrameNumber,
    downTo end: TranslationLevel, in memory: DirectMap, visiting visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    var walk = walk
    if !walker.isRegular {
      guard isCanonical(address) else { return TranslationWalk(nonCanonicalAt: walk.level) }
      walk = walker.descend(address, table, walk.level, end, memory, TableShape(self), visit)
    }
    return walk.isSettled ? walk : walk.ended(outcome(of: walk.descriptor, at: walk.level))
  }

  /// What a walk that ends at `descriptor` found.
  private func outcome(
    of descriptor: UInt64, at level: TranslationLevel
  ) -> TranslationWalk.Outcome {
    switch kind(of: descriptor, at: level) {
    case .leaf: .leaf
    case .inaccessible: .inaccessible
    case .empty: .empty
    case .software: .software
    case .reserved: .reserved
    case .malformed, .table: .malformed
    }
  }
}
