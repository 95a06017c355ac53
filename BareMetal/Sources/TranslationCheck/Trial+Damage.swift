internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// Flips one bit of an entry on the way to an address, asks, and repairs it.
  mutating func askAboutDamage() {
    let range = ranges[Int(random.next(below: UInt32(ranges.count)))]
    let address = drawAddress(in: range)
    let end = TranslationLevel(UInt8(random.next(below: UInt32(format.levelCount))))
    let walk = format.walk(address, from: tables.root, downTo: end, in: mmu.memory)
    let bits: UInt32 = format.entryShift == 3 ? 64 : 32
    let bit = (1 as UInt64) << UInt64(random.next(below: bits))
    guard walk.references > 0, mayFlip(bit, walk) else { return }
    format.store(walk.descriptor ^ bit, at: walk.entry, in: mmu.memory)
    forget()
    tally.damaged += 1
    askAbout(address)
    format.store(walk.descriptor, at: walk.entry, in: mmu.memory)
    forget()
  }

  /// Not where the architecture leaves open what follows, nor where a table would be looked for
  /// in memory that is none.
  private func mayFlip(_ bit: UInt64, _ walk: TranslationWalk) -> Bool {
    let bits = format.bits
    if bit & (bits.contiguous | bits.shareability) != 0 { return false }
    if walk.level > .pte, bit & bits.kindMask != 0 { return false }
    if walk.level == format.root, bits.rootGrantsAll { return false }
    guard processor.mayFlip(bit, of: walk) else { return false }
    let isTable = format.kind(of: walk.descriptor, at: walk.level) == .table
    let isAddress = bit & (bits.address | bits.highAddress) != 0
    return !isTable || !isAddress || bit & bits.reserved != 0
  }
}
