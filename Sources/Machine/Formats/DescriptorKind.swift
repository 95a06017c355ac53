/// What a descriptor is, before anyone asks what it permits.
@frozen
public enum DescriptorKind: UInt8, Hashable, Sendable {
  /// All bits 0: nothing was ever put here.
  case empty
  /// The address of the table one level down.
  case table
  /// A leaf that the hardware translates by.
  case leaf
  /// A leaf that keeps its frame but admits nobody. Linux: `pte_protnone()`.
  case inaccessible
  /// Not valid for the hardware, and not empty: software's own word (a swap entry).
  case software
  /// Valid, but of a kind this level cannot have.
  case malformed
  /// Valid, with bits set that must be 0, such as address bits the machine does not have.
  case reserved
}

extension TranslationFormat {
  /// What `descriptor`, found at `level`, is. Every bit pattern has an answer.
  @inline(__always)
  public func kind(of descriptor: UInt64, at level: TranslationLevel) -> DescriptorKind {
    if isTable(descriptor, at: level) { return .table }
    if level == .pte, descriptor & bits.pageMask == bits.pageKind { return .leaf }
    return slowKind(of: descriptor, at: level)
  }

  /// Whether `descriptor` is a sound pointer to a table: what a walk asks at each level.
  @inline(__always)
  func isTable(_ descriptor: UInt64, at level: TranslationLevel) -> Bool {
    level != .pte && descriptor & bits.tableMask == bits.tableKind
      && (level != root || descriptor & bits.rootReserved == 0)
  }

  /// The kind of what is neither a table nor a page.
  @inline(__always)
  func slowKind(of descriptor: UInt64, at level: TranslationLevel) -> DescriptorKind {
    guard descriptor & bits.valid != 0 else { return invalidKind(of: descriptor, at: level) }
    guard descriptor & bits.reserved == 0 else { return .reserved }
    guard level != root || descriptor & bits.rootReserved == 0 else { return .reserved }
    guard level != .pte, descriptor & bits.kindMask == bits.blockKind, mayHoldLeaf(level) else {
      return .malformed
    }
    let below = (1 as UInt64) &<< UInt64(shift(of: level)) &- 1
    return descriptor & bits.blockReserved & below == 0 ? .leaf : .reserved
  }

  @inline(__always)
  private func invalidKind(of descriptor: UInt64, at level: TranslationLevel) -> DescriptorKind {
    if descriptor == 0 { return .empty }
    return descriptor & bits.inaccessible != 0 && mayHoldLeaf(level) ? .inaccessible : .software
  }

  /// Whether entries of `level` may map memory.
  @inline(__always)
  public func mayHoldLeaf(_ level: TranslationLevel) -> Bool {
    leafLevels &>> level.rawValue & 1 != 0
  }
}
