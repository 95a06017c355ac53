internal import MemoryTypes

extension MMU {
  /// What a walk that found a leaf gives to the TLBs: the leaf, or the group that it is part of.
  mutating func leaf(
    _ address: VirtualAddress, _ walk: TranslationWalk, _ rights: UInt64, isWrite: Bool,
    _ format: Ref<TranslationFormat>
  ) -> TLBLeaf {
    let attributes = format.pointee.attributes(of: walk.descriptor, at: walk.level)
    // Not `.dirty`: arm64 software may say so where the hardware still has to clear AP[2].
    let isDirty = isWrite ? true : !format.pointee.wantsMark(ofWrite: walk.descriptor)
    let start = format.pointee.blockAddress(in: walk.descriptor, at: walk.level)
    let shift = format.pointee.shift(of: walk.level)
    var leaf = TLBLeaf(
      physical: start, rights: isDirty ? rights : rights & ~AccessRights.writes,
      shift: UInt8(shift), leafShift: UInt8(shift), asid: asid,
      isGlobal: attributes.contains(.global) && control.contains(.globalPages))
    let group = groupShift(walk, attributes, format)
    if group > 0 { leaf.widen(to: UInt8(shift + group), around: address) }
    return leaf
  }

  /// log2 of the leaves that one entry may hold instead of this one.
  private mutating func groupShift(
    _ walk: TranslationWalk, _ attributes: LeafAttributes, _ format: Ref<TranslationFormat>
  ) -> UInt {
    if attributes.contains(.contiguous) { return format.pointee.contiguousShift(of: walk.level) }
    guard tlb.coalescedShift > 0, walk.level == .pte else { return 0 }
    return isCoalescible(walk, format) ? UInt(tlb.coalescedShift) : 0
  }

  /// Whether the aligned group of entries around the walk's leads to successive frames with equal
  /// attributes, marks included.
  private mutating func isCoalescible(
    _ walk: TranslationWalk, _ format: Ref<TranslationFormat>
  ) -> Bool {
    let count = (1 as UInt64) << UInt64(tlb.coalescedShift)
    let size = (1 as UInt64) << UInt64(format.pointee.entryShift)
    let first = walk.entry.rawValue & ~(count &* size &- 1)
    let own = (walk.entry.rawValue &- first) >> UInt64(format.pointee.entryShift)
    let page = UInt64(format.pointee.pageSize.bytes.rawValue)
    let base = format.pointee.load(walk.entry, in: memory) &- own &* page
    for index in 0..<count {
      let entry = PhysicalAddress(first &+ index &* size)
      if format.pointee.load(entry, in: memory) != base &+ index &* page { return false }
    }
    return true
  }
}

extension TLBLeaf {
  /// Makes it the whole aligned group of 2^`shift` bytes, if memory stands as addresses do.
  fileprivate mutating func widen(to shift: UInt8, around address: VirtualAddress) {
    let inside = ((1 as UInt64) << UInt64(shift)) &- 1
    let offset = UInt64(address.rawValue) & ~(((1 as UInt64) << UInt64(self.shift)) &- 1)
    guard (physical.rawValue ^ offset) & inside == 0 else { return }
    physical = PhysicalAddress(physical.rawValue & ~inside)
    self.shift = shift
    leafShift = shift
  }
}
