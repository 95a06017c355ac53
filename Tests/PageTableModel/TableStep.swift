import Machine
public import MemoryTypes

/// One step of a history.
public enum TableStep: Sendable {
  case map(page: UInt, frame: UInt, attributes: UInt32)
  case mapBlock(page: UInt, level: UInt8, frame: UInt, attributes: UInt32)
  case mapRange(page: UInt, count: UInt, frame: UInt, attributes: UInt32, isLargest: Bool)
  case place(page: UInt, area: UInt8, offset: UInt64, isMigration: Bool)
  case unmap(page: UInt, count: UInt)
  case protect(page: UInt, count: UInt, attributes: UInt32)
  case translate(page: UInt)
  case touch(page: UInt, isWrite: Bool)
  case split(page: UInt)
  case collapse(page: UInt, level: UInt8)
  case fold(page: UInt, level: UInt8)
  case unfold(page: UInt)
  case fork(page: UInt, count: UInt)
  case freeEmpty(page: UInt, count: UInt)
  /// The n-th table frame asked for from here on is refused.
  case fail(nth: UInt32)

  /// Draws a step: cheap ones often, those of many pages seldom.
  public static func draw(
    _ geometry: TableGeometry, _ random: inout SeededGenerator
  ) -> TableStep {
    let page = page(geometry, &random)
    let attributes = attributes(geometry, page, &random)
    let frame = UInt(truncatingIfNeeded: random.next()) >> (64 - geometry.frameBits)
    let count = UInt(random.next(below: 24)) + 1
    let level = UInt8(random.next(below: 3))
    switch random.next(below: 1000) {
    case 0..<250: return .map(page: page, frame: frame, attributes: attributes)
    case 250..<560: return .translate(page: page)
    case 560..<660: return .touch(page: page, isWrite: frame & 1 == 0)
    case 660..<740: return .unmap(page: page, count: count)
    case 740..<810: return .protect(page: page, count: count, attributes: attributes)
    case 810..<840:
      return .place(
        page: page, area: level, offset: UInt64(frame & 0x7FFFF) + 1, isMigration: frame & 1 == 0)
    case 840..<900: return .fold(page: page, level: level)
    case 900..<930: return .unfold(page: page)
    case 930..<945: return .fail(nth: UInt32(level) + 1)
    default: return drawLarge(geometry, page, frame, attributes, level, &random)
    }
  }

  /// Steps of a whole table's entries or more.
  private static func drawLarge(
    _ geometry: TableGeometry, _ page: UInt, _ frame: UInt, _ attributes: UInt32, _ level: UInt8,
    _ random: inout SeededGenerator
  ) -> TableStep {
    let format = geometry.format
    let table: UInt = 1 << UInt(format.bitsPerLevel)
    let group: UInt = 1 << format.contiguousShift(of: .pte)
    // Some frames fit the page in its block, so that large leaves and groups come about.
    let mask = random.next(below: 2) == 0 ? table - 1 : 15
    let near = frame & ~mask | page & mask
    // Tables of 64 KiB have sixteen times the entries: as much less often.
    let isSeldom = random.next(below: UInt32(table >> 8)) < 2
    switch isSeldom ? random.next(below: 40) : 0 {
    case 0..<14:
      let start = page & ~(group - 1)
      return .mapRange(
        page: start, count: group * UInt(random.next(below: 3) + 1), frame: near & ~(group - 1),
        attributes: attributes, isLargest: true)
    case 14..<18:
      return .mapRange(
        page: page, count: UInt(random.next(below: UInt32(table + 64))) + 1, frame: near,
        attributes: attributes, isLargest: random.next(below: 4) != 0)
    case 18..<21:
      return .mapBlock(page: page, level: level, frame: frame, attributes: attributes)
    case 21..<26: return .collapse(page: page, level: level)
    case 26..<29: return .unmap(page: page, count: table << UInt(random.next(below: 10)))
    case 29..<31: return .protect(page: page, count: table, attributes: attributes)
    case 31..<34: return .split(page: page)
    case 34..<37: return .fork(page: page, count: table >> UInt(random.next(below: 6)))
    default: return .freeEmpty(page: page, count: table << UInt(random.next(below: 12)))
    }
  }

  private static func page(_ geometry: TableGeometry, _ random: inout SeededGenerator) -> UInt {
    let place = geometry.places[Int(random.next(below: UInt32(geometry.places.count)))]
    let first = place >> UInt(geometry.format.pageSize.shift)
    return min(first + UInt(random.next(below: 24)), geometry.lastPage(after: first))
  }

  /// Attributes that the model can compare: what one address cannot have is left out.
  private static func attributes(
    _ geometry: TableGeometry, _ page: UInt, _ random: inout SeededGenerator
  ) -> UInt32 {
    var bits = LeafAttributes(rawValue: UInt32(truncatingIfNeeded: random.next()) & 0x7FF)
    let isHigh = geometry.format.isHigh(
      VirtualAddress(page << UInt(geometry.format.pageSize.shift)))
    // Half of all leaves are alike, or none would ever collapse.
    if random.next(below: 2) == 0 { bits = [.read, .write, .user] }
    // Tables of the kernel's half let no program through.
    if isHigh { bits.remove(.user) }
    guard bits.rawValue > 0xF else { return bits.rawValue }
    bits.memoryType = MemoryType(rawValue: UInt8(random.next(below: 7))) ?? .writeBack
    bits.shareability = Shareability(rawValue: UInt8(random.next(below: 3))) ?? .inner
    return bits.rawValue
  }
}
