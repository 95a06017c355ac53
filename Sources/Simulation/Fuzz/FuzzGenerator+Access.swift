internal import MemoryTypes
internal import Recordings

/// Accesses and questions.
extension FuzzGenerator {
  mutating func loadStep(_ view: SubjectView) -> FuzzStep.Action { .load(target(view)) }

  mutating func storeStep(_ view: SubjectView) -> FuzzStep.Action {
    .store(target(view), UInt8(random.next(below: 256)))
  }

  /// A byte that user code may try to reach.
  private mutating func target(_ view: SubjectView) -> UInt64 {
    while true {
      let base = chance(2) ? element([0x8000_0000_0000, 0xffff_8000_0000_0000]) : address(view)
      let address = chance(50) ? base : base &+ number(0...4095)
      guard !view.isOffLimitsForAccess(address) else { continue }
      remember(address)
      return address
    }
  }

  mutating func mincoreStep(_ view: SubjectView) -> FuzzStep.Action {
    let (address, length) = question(view)
    return .mincore(address: address, length: length)
  }

  mutating func pagemapStep(_ view: SubjectView) -> FuzzStep.Action? {
    guard let line = mapping(view) else { return nil }
    let pages = (line.end - line.start) / Self.page
    let first = number(0...(pages - 1))
    let count = min(pages - first, number(1...64))
    return .pagemap(address: line.start + first * Self.page, length: count * Self.page)
  }

  private mutating func question(_ view: SubjectView) -> (address: UInt64, length: UInt64) {
    while true {
      let (address, length) = range(view)
      // The answer must fit the harness's page.
      if length <= 64 * Self.page || length > .max / 2 { return (address, length) }
      return (address, number(1...64) * Self.page)
    }
  }

  mutating func flagsStep(_ view: SubjectView) -> FuzzStep.Action? {
    mapping(view).map { .vmFlags($0.start) }
  }
}

extension SubjectView {
  /// The harness's own pages, and the two highest of the stack, whose bytes the kernel wrote.
  fileprivate func isOffLimitsForAccess(_ address: UInt64) -> Bool {
    if address >= taskSize - 2 * FuzzGenerator.page, address < taskSize { return true }
    return maps.contains { $0.isOffLimits && $0.start <= address && address < $0.end }
      || address >= 0xffff_ffff_ff60_0000
  }
}
