internal import MemoryTypes

extension TLB {
  /// The entry of the set that starts at `first` that makes room for another.
  mutating func victim(ofSetAt first: Int) -> Int {
    if usesTrees || random != nil {
      if let free = freeEntry(ofSetAt: first) { return free }
      if usesTrees { return treeVictim(ofSetAt: first) }
      return first + Int(random?.next(below: UInt32(ways)) ?? 0)
    }
    // A free entry was never used: its `lastUse` is 0.
    var victim = first
    var oldest = unsafe entries[first].lastUse
    for index in (first &+ 1)..<(first &+ ways) {
      let lastUse = unsafe entries[index].lastUse
      victim = lastUse < oldest ? index : victim
      oldest = min(oldest, lastUse)
    }
    return victim
  }

  private func freeEntry(ofSetAt first: Int) -> Int? {
    guard liveCount < entryCount else { return nil }
    for index in first..<(first + ways) where unsafe entries[index].tag == 0 { return index }
    return nil
  }

  /// Makes every node on the way to the entry point to the other side.
  ///
  /// Nodes are numbered as in a heap: the root is 1, the children of n are 2n and 2n + 1. The tree
  /// has as many leaves as the next power of two of the ways; two words hold its up to 127 nodes.
  @usableFromInline @inline(never)
  func touchTree(_ index: Int) {
    let set = index / ways
    var node = index - set * ways + leafCount
    while node > 1 {
      let parent = node >> 1
      setBit(parent, of: set, to: node & 1 == 0)
      node = parent
    }
  }

  /// Follows the bits to a way; where a side has no ways, the other one is taken.
  private func treeVictim(ofSetAt first: Int) -> Int {
    let set = first / ways
    var node = 1
    while node < leafCount {
      let right = node * 2 + 1
      node = bit(node, of: set) && firstWay(below: right) < ways ? right : right - 1
    }
    return first + node - leafCount
  }

  private var leafCount: Int {
    ways <= 1 ? 1 : 1 << (Int.bitWidth - (ways - 1).leadingZeroBitCount)
  }

  private func firstWay(below node: Int) -> Int {
    var leaf = node
    while leaf < leafCount { leaf *= 2 }
    return leaf - leafCount
  }

  private func bit(_ node: Int, of set: Int) -> Bool {
    unsafe trees[set * 2 + node >> 6] >> UInt64(node & 63) & 1 != 0
  }

  private func setBit(_ node: Int, of set: Int, to isSet: Bool) {
    let mask = (1 as UInt64) << UInt64(node & 63)
    let word = set * 2 + node >> 6
    unsafe trees[word] = isSet ? trees[word] | mask : trees[word] & ~mask
  }
}
