internal import MemoryTypes

/// Finding, entering and removing single entries. Indices are those of `entries`; `none` is the
/// entry that is always free.
extension TLB {
  @inline(__always)
  var none: Int { entryCount }

  /// The entry that translates `address` for `asid`, the smallest first; or `none`.
  func find(_ address: VirtualAddress, _ asid: ASID) -> Int {
    var rest = presentSizes
    while rest != 0 {
      let shift = UInt(rest.trailingZeroBitCount)
      rest &= rest &- 1
      let tag = TLBEntry.tag(address, shift)
      var index = unsafe Int(buckets[bucket(of: address, shift)])
      while unsafe entries[index].tag != 0 {
        if unsafe entries[index].matches(tag, asid) { return index }
        index = unsafe Int(entries[index].next)
      }
    }
    return none
  }

  /// The entry that translates `address`, noted as used and moved to the front of its chain;
  /// nil if there is none or it allows none of `rights`.
  @inline(__always)
  mutating func lookUpAnySize(
    _ address: VirtualAddress, asid: ASID, rights: UInt64
  ) -> TLBEntry? {
    guard presentSizes != 0 else { return nil }
    let index = find(address, asid)
    guard unsafe entries[index].frame & rights != 0 else { return nil }
    note(index)
    let shift = unsafe entries[index].shift
    unsafe sizeHits[Int(shift)] &+= 1
    let bucket = bucket(of: address, shift)
    if unsafe Int(buckets[bucket]) != index {
      unlink(index, from: bucket)
      link(index, into: bucket)
    }
    return unsafe entries[index]
  }

  mutating func note(_ index: Int) {
    unsafe entries[index].lastUse = clock
    if usesTrees { touchTree(index) }
  }

  /// Enters a translation; what was here for the same address goes.
  ///
  /// - Parameters:
  ///   - shift: log2 of the piece that the entry covers.
  ///   - leafShift: log2 of the leaf it is a piece of.
  mutating func insert(
    _ address: VirtualAddress, shift: UInt8, frame: UInt64, asid: ASID, isGlobal: Bool,
    leafShift: UInt8
  ) {
    guard ways > 0 else { return }
    while true {
      let old = find(address, asid)
      if old == none { break }
      remove(old)
    }
    let set = address.rawValue >> UInt(shift) & setMask
    let index = victim(ofSetAt: Int(bitPattern: set) * ways)
    if unsafe entries[index].tag != 0 { remove(index) }
    unsafe entries[index] = TLBEntry(
      tag: TLBEntry.tag(address, UInt(shift)), frame: frame, lastUse: 0, asid: asid.rawValue,
      asidMask: isGlobal ? 0 : .max, next: 0, leafShift: leafShift)
    note(index)
    link(index, into: bucket(of: address, UInt(shift)))
    count(index, by: 1)
  }

  /// Forgets the entry, which is in use.
  mutating func remove(_ index: Int) {
    let entry = unsafe entries[index]
    unlink(index, from: bucket(of: entry.start, entry.shift))
    count(index, by: -1)
    unsafe entries[index] = .free(next: UInt16(none))
  }

  private mutating func count(_ index: Int, by step: Int) {
    let shift = unsafe Int(entries[index].shift)
    let inUse = unsafe Int(sizeEntries[shift]) + step
    unsafe sizeEntries[shift] = UInt16(inUse)
    let bit = (1 as UInt64) << UInt64(shift)
    presentSizes = inUse > 0 ? presentSizes | bit : presentSizes & ~bit
    liveCount += step
    if unsafe Int(entries[index].leafShift) > shift { pieceCount += step }
    unsafe occupied[index >> 6] ^= 1 << UInt64(index & 63)
  }

  @inline(__always)
  private func bucket(of address: VirtualAddress, _ shift: UInt) -> Int {
    Int(bitPattern: address.rawValue >> shift & bucketMask)
  }

  private func link(_ index: Int, into bucket: Int) {
    unsafe entries[index].next = buckets[bucket]
    unsafe buckets[bucket] = UInt16(index)
  }

  private func unlink(_ index: Int, from bucket: Int) {
    let next = unsafe entries[index].next
    var current = unsafe Int(buckets[bucket])
    if current == index {
      unsafe buckets[bucket] = next
      return
    }
    while unsafe Int(entries[current].next) != index { current = unsafe Int(entries[current].next) }
    unsafe entries[current].next = next
  }
}
