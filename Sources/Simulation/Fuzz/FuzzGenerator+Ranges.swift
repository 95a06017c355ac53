internal import MemoryTypes
internal import Recordings

/// Addresses, lengths and ranges.
extension FuzzGenerator {
  static let page: UInt64 = 4096

  /// A page-aligned address: a recent one, one of a mapping or near one, or somewhere else.
  mutating func address(_ view: SubjectView) -> UInt64 {
    let address = chance(40) ? recentAddress() : nil
    return address ?? (chance(80) ? mappedAddress(view) : freshAddress(view))
  }

  private mutating func recentAddress() -> UInt64? {
    guard !recent.isEmpty else { return nil }
    let base = element(recent) & ~(Self.page - 1)
    switch random.next(below: 8) {
    case 0: return base &+ Self.page
    case 1: return base &- Self.page
    case 2: return base &+ number(0...16) * Self.page
    default: return base
    }
  }

  /// An address in a mapping or at one of its borders.
  private mutating func mappedAddress(_ view: SubjectView) -> UInt64 {
    guard let line = mapping(view) else { return freshAddress(view) }
    let pages = (line.end - line.start) / Self.page
    switch random.next(below: 10) {
    case 0, 1, 2: return line.start
    case 3: return line.end
    case 4: return line.end - Self.page
    case 5: return line.start &- Self.page &* number(1...8)
    case 6: return line.end &+ Self.page &* number(1...8)
    default: return line.start + Self.page * number(0...(pages - 1))
    }
  }

  /// A mapping that steps may change.
  mutating func mapping(_ view: SubjectView) -> MapLine? {
    for _ in 0..<4 {
      let line = element(view.maps)
      if !line.isOffLimits { return line }
    }
    return nil
  }

  /// Where often nothing is mapped yet.
  private mutating func freshAddress(_ view: SubjectView) -> UInt64 {
    switch random.next(below: 8) {
    case 0: number(16...64) * Self.page
    case 1: view.startOfHeap + number(0...64) * Self.page
    case 2: 0x4000_0000 + number(0...1024) * Self.page
    case 3: view.taskSize - number(1...600) * Self.page
    case 4: 0x7fff_f7e0_0000 - number(0...8192) * Self.page
    default: 0x1000_0000 + number(0...16384) * Self.page
    }
  }

  /// A length in bytes, mostly of few whole pages.
  mutating func length() -> UInt64 {
    switch random.next(below: 100) {
    case 0..<50: number(1...8) * Self.page
    case 50..<72: number(9...32) * Self.page
    case 72..<82: number(33...256) * Self.page
    case 82..<88: number(1...400_000)
    case 88..<95: number(1...12) << 20
    default: number(1...4) << 21
    }
  }

  /// A range for a call on what is mapped: a mapping, a part of one, or several; sometimes a bad one.
  /// Never one that harms what the harness needs.
  mutating func range(_ view: SubjectView) -> (address: UInt64, length: UInt64) {
    while true {
      let drawn = chance(12) ? badRange(view) : goodRange(view)
      guard isHarmless(drawn.address, drawn.length, view) else { continue }
      remember(drawn.address)
      return drawn
    }
  }

  private mutating func goodRange(_ view: SubjectView) -> (address: UInt64, length: UInt64) {
    if chance(30), let line = mapping(view) {
      let pages = (line.end - line.start) / Self.page
      switch random.next(below: 4) {
      case 0: return (line.start, line.end - line.start)
      case 1: return (line.start, number(1...pages) * Self.page)
      case 2:
        let kept = number(0...(pages - 1))
        return (line.start + kept * Self.page, (pages - kept) * Self.page)
      default: return acrossMappings(line, view)
      }
    }
    return (address(view), length())
  }

  /// From one mapping to the end of a later one.
  private mutating func acrossMappings(
    _ line: MapLine, _ view: SubjectView
  ) -> (address: UInt64, length: UInt64) {
    let later = view.maps.filter { $0.start > line.start && $0.end - line.start < 64 << 20 }
    let last = later.isEmpty ? line : element(Array(later.prefix(4)))
    return (line.start, last.end - line.start)
  }

  /// One that a call must refuse, mostly.
  mutating func badRange(_ view: SubjectView) -> (address: UInt64, length: UInt64) {
    let address = address(view)
    switch random.next(below: 9) {
    case 0, 1, 2: return (address &+ number(1...4095), length())
    case 3: return (address, 0)
    case 4: return (address, 0 &- number(1...4) * Self.page)
    case 5: return (view.taskSize - number(0...2) * Self.page, length())
    case 6: return (element([0x8000_0000_0000, 0xffff_8000_0000_0000, .max - 4095]), length())
    case 7: return (element([0, Self.page, 15 * Self.page]), length())
    default: return (address, view.taskSize)
    }
  }

  /// Whether a call on the range leaves the subject's code, the harness's page and the kernel's own
  /// pages alone.
  func isHarmless(_ address: UInt64, _ length: UInt64, _ view: SubjectView) -> Bool {
    let start = address & ~(Self.page - 1)
    let (end, overflows) = address.addingReportingOverflow(length)
    guard !overflows else { return true }
    return !view.maps.contains { $0.isOffLimits && $0.start < end && start < $0.end }
  }
}

extension MapLine {
  /// The subject's code, the page its harness writes answers to, and what the kernel installs.
  var isOffLimits: Bool {
    switch path {
    case "[vvar]", "[vvar_vclock]", "[vdso]", "[vsyscall]": true
    default: start == LiveSubject.scratch || start == LiveSubject.code
    }
  }
}
