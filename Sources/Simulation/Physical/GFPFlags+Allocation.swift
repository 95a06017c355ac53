internal import PhysicalMemory
internal import Recordings

extension GFPFlags {
  /// What they ask of our allocator.
  ///
  /// Left out is what asks for bytes or for descriptors of tails: the machine of a trace has
  /// frames without contents.
  var allocation: AllocationFlags {
    var flags: AllocationFlags = []
    for (name, flag) in Self.meanings where contains(name) { flags.insert(flag) }
    return flags
  }

  private static let meanings: [(GFPFlags, AllocationFlags)] = [
    (.dma, .dma), (.dma32, .dma32), (.highMemory, .highMemory), (.movable, .movable),
    (.reclaimable, .reclaimable), (.high, .highPriority), (.mayStartIO, .mayStartIO),
    (.mayUseFileSystems, .mayUseFileSystems), (.directReclaim, .directReclaim),
    (.wakesReclaim, .wakesReclaim), (.willWrite, .willBeDirty), (.noWarning, .noWarning),
    (.retryMayFail, .retryMayFail), (.noRetry, .noRetry), (.useReserves, .useReserves),
    (.noReserves, .noReserves), (.hardwall, .hardwall), (.thisNode, .thisNode),
    (.accounted, .accounted),
  ]
}
