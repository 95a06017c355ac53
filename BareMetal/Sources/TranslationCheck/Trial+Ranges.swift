internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// Maps one more range, unless it meets others too often.
  mutating func addRange() throws(AllocationError) {
    for _ in 0..<8 {
      let shift = drawUnit()
      guard let range = drawRange(unit: shift), isFree(range) else { continue }
      let frame = drawFrame(for: range, unit: shift)
      let isSingle = shift <= UInt(format.pageSize.shift) + 4 && random.next(below: 8) == 0
      try tables.map(range, to: frame, drawAttributes(), sizes: isSingle ? .pages : .largest)
      tally.ranges += 1
      let place = ranges.count == 0 ? 0 : Int(random.next(below: UInt32(ranges.count)))
      return ranges.add(range, inPlaceOf: place)
    }
  }

  private func isFree(_ range: VirtualRange) -> Bool {
    var cursor = tables.cursor(range)
    return tables.next(&cursor) == nil
  }

  /// log2 of what the range is made of: pages, groups of them, blocks of any level.
  private mutating func drawUnit() -> UInt {
    let page = UInt(format.pageSize.shift)
    switch random.next(below: 16) {
    case 0...5: return page
    case 6...9: return page + max(2, format.contiguousShift(of: .pte))
    case 10...12: return format.shift(of: .pmd)
    case 13: return format.shift(of: .pmd) + format.contiguousShift(of: .pmd)
    case 14 where format.mayHoldLeaf(.pud) && format.root >= .pud:
      return format.shift(of: .pud)
    default: return page
    }
  }

  private mutating func drawRange(unit: UInt) -> VirtualRange? {
    let page = UInt(format.pageSize.shift)
    let window = format.shift(of: .pmd) + max(5, format.contiguousShift(of: .pmd) + 1)
    let cluster = clusters[Int(random.next(below: UInt32(clusters.count)))]
    let offset = UInt(truncatingIfNeeded: random.next()) & ((1 << max(window, unit + 1)) - 1)
    var start = (cluster &+ offset) & ~((1 << unit) - 1)
    var count = UInt(1 + random.next(below: unit == page ? 40 : 3)) << unit
    if unit > page, random.next(below: 2) == 0 {
      start &+= UInt(random.next(below: 20)) << page
      count &+= UInt(random.next(below: 20)) << page
    }
    guard start &+ count >= start, start &+ count <= processor.addressLimit,
      start >= processor.addressStart
    else { return nil }
    return VirtualRange(VirtualAddress(start), count: ByteCount(count))
  }

  /// Frames that stand as the addresses do, so that large leaves fit; among the targets, or
  /// anywhere.
  mutating func drawFrame(for range: VirtualRange, unit: UInt) -> PageFrameNumber {
    let mask = (1 as UInt64) << UInt64(unit) &- 1
    let inside = UInt64(range.start.rawValue) & mask
    let count = UInt64(range.count.rawValue)
    let needed = count + 2 * mask + 2
    var start = targets.range.start.rawValue
    var room = targets.range.count
    let choice = random.next(below: 16)
    if processor.translatesOnly, choice < 6 || needed >= room {
      start = 0
      room = 1 << UInt64(processor.physicalBits)
    }
    guard needed < room else { return format.pageSize.frame(of: PhysicalAddress(start)) }
    let free = (start + random.next() % (room - needed) + mask) & ~mask
    return format.pageSize.frame(of: PhysicalAddress(free + inside))
  }

  mutating func drawAttributes() -> LeafAttributes {
    var attributes = LeafAttributes(rawValue: UInt32(truncatingIfNeeded: random.next() & 0x8F))
    if random.next(below: 4) != 0 { attributes.insert(.read) }
    if random.next(below: 6) != 0 { attributes.insert(.accessed) }
    if random.next(below: 2) == 0 { attributes.insert(.dirty) }
    if random.next(below: 4) == 0 { attributes.insert(.global) }
    if random.next(below: 2) == 0 {
      attributes.memoryType = MemoryType(rawValue: UInt8(random.next(below: 7))) ?? .writeBack
    }
    attributes.shareability = Shareability(rawValue: UInt8(random.next(below: 3))) ?? .inner
    return attributes
  }
}
