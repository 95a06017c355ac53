internal import AddressSpaces
internal import MemoryTypes
internal import Recordings

/// The calls that every profile has.
extension FuzzGenerator {
  mutating func breakStep(_ view: SubjectView) -> FuzzStep.Action {
    let heap = view.maps.last { $0.path == "[heap]" }?.end ?? view.startOfHeap
    let wanted: UInt64 =
      switch random.next(below: 20) {
      case 0: 0
      case 1: 0x4000_0000_0000
      case 2: view.startOfHeap
      case 3: view.startOfHeap &- number(1...5) * Self.page &+ number(0...4095)
      case 4: heap + (number(1...8) << 24)
      case 5: view.taskSize &- number(0...8192)
      case 6: 0x10_0000_0000 + number(0...4095)
      case 7..<12: heap &+ number(0...64) * Self.page
      case 12..<15: heap &+ number(0...300_000)
      case 15..<18: heap &- min(heap &- view.startOfHeap, number(0...64) * Self.page)
      default: heap &- min(heap &- view.startOfHeap, number(0...200_000))
      }
    if wanted > 0 { remember(wanted) }
    return call(.brk, wanted)
  }

  mutating func mapStep(_ view: SubjectView) -> FuzzStep.Action {
    while true {
      var arguments = placement(view)
      arguments.a2 = protection()
      let descriptor = mapKind(&arguments)
      if arguments.a3 & Self.fixed != 0, arguments.a3 & Self.noReplace == 0,
        !isHarmless(arguments.a0, arguments.a1, view)
      {
        continue
      }
      if arguments.a0 != 0 { remember(arguments.a0) }
      var call = RecordedCall(.mmap, arguments, result: 0)
      descriptor?.describe(&call, argument: 4)
      return .call(call)
    }
  }

  private static var fixed: UInt64 { UInt64(MapFlags.fixed.rawValue) }
  private static var noReplace: UInt64 { UInt64(MapFlags.fixedNoReplace.rawValue) }

  /// Address, length and how strictly they are meant.
  private mutating func placement(_ view: SubjectView) -> RecordedCall.Arguments {
    var arguments = RecordedCall.Arguments(0, length())
    if chance(2) { arguments.a1 = element([0, .max &- 4095, view.taskSize, 64 << 30, 1 << 45]) }
    guard chance(62) else { return arguments }
    let drawn =
      chance(8) ? badRange(view) : (address: address(view), length: arguments.a1)
    (arguments.a0, arguments.a1) = (drawn.address, drawn.length)
    switch random.next(below: 10) {
    case 0..<4: arguments.a3 |= Self.fixed
    case 4..<6: arguments.a3 |= Self.noReplace
    default: break
    }
    return arguments
  }

  /// Adds sharing, file and the rarer flags; returns the descriptor that the call names.
  private mutating func mapKind(_ arguments: inout RecordedCall.Arguments) -> FuzzDescriptor? {
    let sharing: UInt64 = weighted([(70, 2), (26, 1), (2, 3), (1, 0), (1, 4)])
    arguments.a3 |= sharing
    addRareFlags(&arguments)
    arguments.a4 = .max
    guard profile.usesFiles, chance(profile == .files ? 65 : 25) else {
      arguments.a3 |= UInt64(MapFlags.anonymous.rawValue)
      if chance(3) { arguments.a5 = number(0...64) * Self.page }
      return nil
    }
    arguments.a5 = fileOffset()
    let descriptor = element(FuzzDescriptor.all)
    arguments.a4 = descriptor.number
    return descriptor
  }

  private mutating func fileOffset() -> UInt64 {
    switch random.next(below: 40) {
    case 0: number(0...0x10_0000)
    case 1: 0x7fff_ffff_ffff_f000
    case 2: 0 &- Self.page
    case 3..<16: 0
    default: number(0...270) * Self.page
    }
  }

  private mutating func addRareFlags(_ arguments: inout RecordedCall.Arguments) {
    let rare: [(percent: UInt32, flag: MapFlags)] = [
      (5, .noReserve), (4, .growsDown), (3, .locked), (5, .populate), (2, .nonblock), (4, .stack),
      (4, .low2GB),
    ]
    for (percent, flag) in rare where chance(percent) { arguments.a3 |= UInt64(flag.rawValue) }
    if chance(2) { arguments.a3 |= element([0x80_0000, 0x800, 0x1000, 0x8_0000, 0x8]) }
    // Populating or locking much takes time and says nothing more.
    let brings = UInt64(MapFlags([.locked, .populate]).rawValue)
    if arguments.a3 & brings != 0, arguments.a1 > 4 << 20 { arguments.a3 &= ~brings }
  }

  mutating func protection() -> UInt64 {
    weighted([(45, 3), (15, 1), (12, 0), (8, 7), (8, 5), (5, 2), (4, 6), (3, 4)])
  }

  mutating func unmapStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    return call(.munmap, address, length)
  }

  mutating func protectStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = range(view)
    var protection = protection()
    if chance(8) {
      protection |= element([0x100_0000, 0x100_0000, 0x200_0000, 0x300_0000, 0x8, 0x10])
    }
    return call(.mprotect, address, length, protection)
  }

  func call(
    _ name: CallName, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0,
    _ a4: UInt64 = 0
  ) -> FuzzStep.Action {
    .call(RecordedCall(name, .init(a0, a1, a2, a3, a4), result: 0))
  }
}
