internal import MemoryTypes

extension TLB {
  /// Forgets the leaves that `invalidation` names, in all their pieces.
  ///
  /// - Returns: how many entries that were.
  /// - Complexity: one probe per size for one address, else O(entries in use).
  @discardableResult
  mutating func forget(_ invalidation: TLBInvalidation) -> Int {
    let before = liveCount
    guard before > 0 else { return 0 }
    if invalidation.first == invalidation.last, pieceCount == 0, let asid = invalidation.asid {
      forgetPage(invalidation, asid)
    } else {
      forgetEach(invalidation)
    }
    return before - liveCount
  }

  /// Any two entries of one address that match one ASID are found one after the other.
  private mutating func forgetPage(_ invalidation: TLBInvalidation, _ asid: ASID) {
    while true {
      let index = find(invalidation.first, asid)
      if index == none { return }
      guard unsafe !(entries[index].isGlobal && invalidation.sparesGlobal) else {
        return forgetEach(invalidation)
      }
      remove(index)
    }
  }

  private mutating func forgetEach(_ invalidation: TLBInvalidation) {
    for word in 0..<((entryCount + 63) / 64) {
      var bits = unsafe occupied[word]
      while bits != 0 {
        let index = word * 64 + bits.trailingZeroBitCount
        bits &= bits &- 1
        if unsafe entries[index].isNamed(by: invalidation) { remove(index) }
      }
    }
  }
}

extension TLBEntry {
  func isNamed(by invalidation: TLBInvalidation) -> Bool {
    guard leafFirst <= invalidation.last.rawValue, leafLast >= invalidation.first.rawValue else {
      return false
    }
    if isGlobal { return !invalidation.sparesGlobal }
    return invalidation.asid == nil || invalidation.asid?.rawValue == asid
  }
}
