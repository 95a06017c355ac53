public import MemoryTypes

/// Entries as they stand in RAM.
extension TranslationFormat {
  /// The entry at `address`, which must be in RAM and aligned to an entry.
  @inlinable @inline(__always)
  public func load(_ address: PhysicalAddress, in memory: DirectMap) -> UInt64 {
    let pointer = unsafe memory.pointer(to: address)
    // SAFETY: a table is a page in RAM; both entry sizes divide it.
    return entryShift == 3
      ? unsafe pointer.load(as: UInt64.self) : unsafe UInt64(pointer.load(as: UInt32.self))
  }

  /// Writes `count` leaves of the last level with successive frames, of which `descriptor` with
  /// `frame` is the first, from `address` on: entries in a row, which must be in RAM.
  @inline(__always)
  public func storeRun(
    _ descriptor: UInt64, _ frame: PageFrameNumber, count: UInt, at address: PhysicalAddress,
    in memory: DirectMap
  ) {
    guard count > 0 else { return }
    let pointer = unsafe memory.pointer(to: address)
    let step = UInt64(pageSize.bytes.rawValue)
    let rest = descriptor & ~(bits.address | bits.highAddress)
    let last = leafAddressBits(frame + PageCount(count &- 1))
    if last &- (descriptor & ~rest) != UInt64(count &- 1) &* step {
      // Address bits that stand elsewhere change on the way: entry by entry.
      for index in 0..<count {
        let entry = PhysicalAddress(address.rawValue &+ UInt64(index) &<< UInt64(entryShift))
        store(rest | leafAddressBits(frame + PageCount(index)), at: entry, in: memory)
      }
    } else if entryShift == 3 {
      // SAFETY: as in `load(_:in:)`, for each of the entries.
      let entries = unsafe pointer.assumingMemoryBound(to: UInt64.self)
      var next = descriptor
      for index in 0..<Int(bitPattern: count) {
        unsafe entries[index] = next
        next &+= step
      }
    } else {
      let entries = unsafe pointer.assumingMemoryBound(to: UInt32.self)
      var next = UInt32(truncatingIfNeeded: descriptor)
      for index in 0..<Int(bitPattern: count) {
        unsafe entries[index] = next
        next &+= UInt32(truncatingIfNeeded: step)
      }
    }
  }

  /// Replaces the entry at `address`, which must be in RAM and aligned to an entry.
  @inline(__always)
  public func store(_ descriptor: UInt64, at address: PhysicalAddress, in memory: DirectMap) {
    let pointer = unsafe memory.pointer(to: address)
    // SAFETY: as in `load(_:in:)`.
    if entryShift == 3 {
      unsafe pointer.storeBytes(of: descriptor, as: UInt64.self)
    } else {
      unsafe pointer.storeBytes(of: UInt32(truncatingIfNeeded: descriptor), as: UInt32.self)
    }
  }
}
