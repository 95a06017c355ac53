internal import MemoryTypes

extension Memblock {
  /// Traps unless both arrays are sorted, free of overlap and merged. O(regions).
  public func checkInvariants() {
    memory.checkInvariants()
    reserved.checkInvariants()
  }
}

extension MemblockRegions {
  /// Traps unless the regions are non-empty, sorted, apart, and merged where they may be. O(count).
  public func checkInvariants() {
    precondition(count <= capacity, "more regions than the array holds")
    var index = 0
    while index < count {
      let region = self[index]
      precondition(!region.range.isEmpty, "a region is empty")
      if index > 0 {
        let below = self[index - 1]
        precondition(below.range.end <= region.range.start, "regions overlap or are out of order")
        precondition(
          below.range.end < region.range.start || !below.isCompatible(with: region),
          "compatible neighbours were not merged")
      }
      index += 1
    }
  }
}
