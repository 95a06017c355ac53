internal import MemoryTypes
internal import Recordings

/// The calls that move, advise, lock and sync.
extension FuzzGenerator {
  mutating func remapStep(_ view: SubjectView) -> FuzzStep.Action {
    while true {
      let (address, length) = range(view)
      var flags: UInt64 = weighted([(20, 0), (45, 1), (25, 3), (5, 5), (3, 7), (1, 2), (1, 4)])
      if chance(1) { flags |= 8 }
      let new = newLength(length)
      var target: UInt64 = 0
      if flags & 6 != 0 || chance(2) { target = self.address(view) }
      if flags & 2 != 0, chance(6) { target &+= number(1...4095) }
      let old = chance(5) ? 0 : length
      if flags & 2 != 0, !isHarmless(target, new, view) { continue }
      if target != 0 { remember(target) }
      return call(.mremap, address, old, new, flags, target)
    }
  }

  private mutating func newLength(_ old: UInt64) -> UInt64 {
    switch random.next(below: 20) {
    case 0..<7: old
    case 7..<12: old &+ number(1...16) * Self.page
    case 12..<16: max(Self.page, old &- min(old, number(1...8) * Self.page))
    case 16: 0
    case 17: 0 &- Self.page
    default: length()
    }
  }

  mutating func remapPagesStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    let protection: UInt64 = chance(6) ? number(1...7) : 0
    let flags: UInt64 = weighted([(80, 0), (10, 0x1_0000), (5, 0x2000), (5, 0x10)])
    return call(.remapFilePages, address, length, protection, number(0...300), flags)
  }

  /// Small parts only: what is sealed stays, and nothing would be left to change.
  mutating func sealStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    let isLarge = length > 16 * Self.page && length < 1 << 40
    return call(.mseal, address, isLarge ? 4 * Self.page : length, chance(5) ? 1 : 0)
  }

  mutating func adviseStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    let advices: [UInt64] = [
      0, 1, 2, 3, 4, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 102, 103,
    ]
    let advice = chance(4) ? element([5, 6, 7, 26, 99, 104, 0xffff]) : element(advices)
    // Populating much takes time and says nothing more.
    let isLarge = length > 4 << 20 && length < 1 << 47
    let isPopulating = advice == 22 || advice == 23
    return call(.madvise, address, isLarge && isPopulating ? 4 << 20 : length, advice)
  }

  mutating func lockStep(_ view: SubjectView, _ name: CallName) -> FuzzStep.Action {
    let (address, length) = range(view)
    let flags: UInt64 = name == .mlock2 ? weighted([(45, 1), (40, 0), (15, 3)]) : 0
    return call(name, address, length, flags)
  }

  mutating func lockAllStep(_ view: SubjectView) -> FuzzStep.Action {
    call(
      .mlockall,
      weighted([(20, 1), (20, 2), (20, 3), (15, 6), (10, 7), (5, 5), (5, 4), (3, 0), (2, 9)]))
  }

  mutating func syncStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    return call(
      .msync, address, length,
      weighted([(40, 4), (25, 1), (20, 2), (5, 6), (4, 5), (3, 0), (3, 12)]))
  }

  mutating func truncateStep(_ view: SubjectView) -> FuzzStep.Action {
    let descriptor = element(FuzzDescriptor.all)
    let size =
      chance(3)
      ? element([.max, 1 << 60])
      : chance(30) ? number(0...280) * Self.page : number(400_000...1_200_000)
    var call = RecordedCall(.ftruncate, .init(0, size), result: 0)
    descriptor.describe(&call, argument: 0)
    return .call(call)
  }
}
