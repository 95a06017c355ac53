internal import MemoryTypes

/// A sorted array of regions that neither overlap nor touch a compatible neighbour.
///
/// It stands in memory it was given; `Memblock` moves it when it must grow. An operation that needs
/// more entries than there are throws and changes nothing. A copy is a view, valid until the next
/// change.
/// Linux: `struct memblock_type`, mm/memblock.c.
@safe
public struct MemblockRegions: @unchecked Sendable {
  private var storage: UnsafeMutablePointer<MemblockRegion>
  /// How many regions there is room for. Linux: `type->max`.
  public private(set) var capacity: Int
  /// How many regions there are.
  public private(set) var count: Int

  /// An empty array with room for `capacity` regions at `storage`.
  @unsafe
  init(storage: UnsafeMutablePointer<MemblockRegion>, capacity: Int) {
    unsafe self.storage = unsafe storage
    self.capacity = capacity
    count = 0
  }

  /// Moves the regions to `newStorage`, which has room for `newCapacity` of them.
  @unsafe
  mutating func move(to newStorage: UnsafeMutablePointer<MemblockRegion>, capacity newCapacity: Int)
  {
    precondition(newCapacity >= count, "the new array of regions is too small")
    unsafe newStorage.update(from: storage, count: count)
    unsafe storage = unsafe newStorage
    capacity = newCapacity
  }

  /// The region at `index`, in the order of addresses.
  public internal(set) subscript(index: Int) -> MemblockRegion {
    get {
      precondition(index >= 0 && index < count, "no such region")
      return unsafe storage[index]
    }
    set {
      precondition(index >= 0 && index < count, "no such region")
      unsafe storage[index] = newValue
    }
  }

  /// The bytes of all regions together.
  public var byteCount: UInt64 {
    var sum: UInt64 = 0
    var index = 0
    while index < count {
      sum &+= self[index].range.count
      index += 1
    }
    return sum
  }

  /// Makes every byte of `region.range` part of the array.
  ///
  /// What is in it already keeps its flags and node; only the gaps take those of `region`.
  /// Linux: `memblock_add_range()`.
  mutating func add(_ region: MemblockRegion) throws(AllocationError) {
    guard !region.range.isEmpty else { return }
    guard count + gapCount(in: region.range) <= capacity else { throw .outOfMemory }
    fillGaps(with: region)
    mergeNeighbours()
  }

  /// Takes every byte of `range` out of the array, cutting the regions at its edges.
  ///
  /// Linux: `memblock_remove_range()`.
  mutating func remove(_ range: PhysicalRange) throws(AllocationError) {
    let inside = try isolate(range)
    removeEntries(inside)
  }

  /// Cuts regions so that none crosses an edge of `range`; says which lie inside.
  ///
  /// The cut pieces are compatible neighbours until the caller changes or removes them.
  /// Linux: `memblock_isolate_range()`.
  mutating func isolate(_ range: PhysicalRange) throws(AllocationError) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    guard count + crossings(of: range.start) + crossings(of: range.end) <= capacity else {
      throw .outOfMemory
    }
    cut(at: range.start)
    cut(at: range.end)
    var first = 0
    while first < count && self[first].range.end <= range.start { first += 1 }
    var last = first
    while last < count && self[last].range.start < range.end { last += 1 }
    return first..<last
  }

  /// Makes one region of compatible neighbours that touch. Linux: `memblock_merge_regions()`.
  mutating func mergeNeighbours() {
    guard count > 1 else { return }
    var kept = 0
    var index = 1
    while index < count {
      let region = self[index]
      if self[kept].range.end == region.range.start && self[kept].isCompatible(with: region) {
        self[kept].range.end = region.range.end
      } else {
        kept += 1
        self[kept] = region
      }
      index += 1
    }
    count = kept + 1
  }

  /// How many entries `add` of a region over `range` takes before neighbours merge.
  func gapCount(in range: PhysicalRange) -> Int {
    var gaps = 0
    var start = range.start
    var index = 0
    while index < count && self[index].range.start < range.end {
      let present = self[index].range
      if start < present.start { gaps += 1 }
      start = max(start, present.end)
      index += 1
    }
    return start < range.end ? gaps + 1 : gaps
  }

  private mutating func fillGaps(with region: MemblockRegion) {
    var piece = region
    var start = region.range.start
    var index = 0
    while index < count && self[index].range.start < region.range.end {
      let present = self[index].range
      if start < present.start {
        piece.range = PhysicalRange(start, present.start)
        insert(piece, at: index)
        index += 1
      }
      start = max(start, present.end)
      index += 1
    }
    if start < region.range.end {
      piece.range = PhysicalRange(start, region.range.end)
      insert(piece, at: index)
    }
  }

  private func crossings(of address: PhysicalAddress) -> Int {
    crossing(address) == nil ? 0 : 1
  }

  /// The region with `address` strictly inside it.
  private func crossing(_ address: PhysicalAddress) -> Int? {
    var index = 0
    while index < count {
      let range = self[index].range
      if range.start < address && address < range.end { return index }
      index += 1
    }
    return nil
  }

  private mutating func cut(at address: PhysicalAddress) {
    guard let index = crossing(address) else { return }
    var upper = self[index]
    upper.range.start = address
    self[index].range.end = address
    insert(upper, at: index + 1)
  }

  private mutating func insert(_ region: MemblockRegion, at position: Int) {
    precondition(count < capacity, "the array of regions is full")
    count += 1
    var index = count - 1
    while index > position {
      // The new last entry is not initialised before this loop or the line below it writes it.
      unsafe storage[index] = unsafe storage[index - 1]
      index -= 1
    }
    unsafe storage[position] = region
  }

  /// Takes the regions at `removed` out; they need not be anything else than in the array.
  mutating func removeEntries(_ removed: Range<Int>) {
    var index = removed.upperBound
    while index < count {
      self[index - removed.count] = self[index]
      index += 1
    }
    count -= removed.count
  }
}
