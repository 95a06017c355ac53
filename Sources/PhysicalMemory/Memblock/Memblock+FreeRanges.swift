internal import MemoryTypes

extension Memblock {
  /// The free ranges, lowest first. Linux: `for_each_free_mem_range()`.
  public var freeRanges: MemblockFreeRanges { freeRanges(.all) }

  /// The free ranges, highest first. Linux: `for_each_free_mem_range_reverse()`.
  public var freeRangesDescending: MemblockFreeRangesDescending { freeRangesDescending(.all) }

  /// The free ranges that `filter` admits, lowest first.
  public func freeRanges(_ filter: MemblockFilter) -> MemblockFreeRanges {
    MemblockFreeRanges(memory: memory, reserved: reserved, filter)
  }

  /// The free ranges that `filter` admits, highest first.
  public func freeRangesDescending(_ filter: MemblockFilter) -> MemblockFreeRangesDescending {
    MemblockFreeRangesDescending(memory: memory, reserved: reserved, filter)
  }
}
