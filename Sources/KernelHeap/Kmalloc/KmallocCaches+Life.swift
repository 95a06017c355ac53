internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

extension KmallocCaches {
  /// Gives back all caches; the value must not be used after.
  ///
  /// Throws at the first class with living objects, and leaves that and the later ones whole.
  public mutating func destroy() throws(SlabCacheError) {
    try HeapRoot.existing(pages)?.destroyTable(table)
  }
}

extension Ref where Object == HeapRoot {
  /// A table with all its caches, in a slot of the cache of caches, which is large enough for one.
  func makeTable(
    _ largestClass: Int, _ kinds: KmallocKinds, _ processors: Int?
  ) throws(AllocationError) -> Ref<KmallocTable> {
    let table = try makeEmptyTable()
    do throws(AllocationError) {
      for kind in KmallocKind.allCases {
        try makeRow(kind, in: table, largestClass, kinds, processors)
      }
    } catch {
      // Caches without objects cannot refuse.
      try? destroyTable(table)
      throw error
    }
    return table
  }

  func destroyTable(_ table: Ref<KmallocTable>) throws(SlabCacheError) {
    for kind in KmallocKind.allCases {
      for index in 1..<KmallocTable.classCount {
        guard let cache = table.cache(kind, index) else { continue }
        table.setCache(kind, index, to: nil)
        do throws(SlabCacheError) { try cache.destroy() } catch {
          table.setCache(kind, index, to: cache)
          throw error
        }
      }
    }
    // SAFETY: nobody uses the table any more; nothing in it needs to be ended.
    unsafe pointee.core.free(UnsafeMutableRawPointer(table.pointer))
    pointee.tables.wrappingSubtract(1, ordering: .relaxed)
    if !pointee.wasBooted { releaseIfUnused() }
  }

  private func makeEmptyTable() throws(AllocationError) -> Ref<KmallocTable> {
    let slot: UnsafeMutableRawPointer
    do throws(AllocationError) {
      unsafe slot = try pointee.core.allocate(.kernel)
    } catch {
      if !pointee.wasBooted { releaseIfUnused() }
      throw error
    }
    pointee.tables.wrappingAdd(1, ordering: .relaxed)
    // SAFETY: the slot is large enough, aligned to a line and nobody else's.
    let place = unsafe slot.bindMemory(to: KmallocTable.self, capacity: 1)
    unsafe place.initialize(
      to: KmallocTable(pages, smallest: KmallocClass.smallest(pointee.options.design)))
    return unsafe Ref<KmallocTable>(place)
  }

  private func makeRow(
    _ kind: KmallocKind, in table: Ref<KmallocTable>, _ largestClass: Int,
    _ kinds: KmallocKinds, _ processors: Int?
  ) throws(AllocationError) {
    guard pointee.options.design != .slob else { return }
    guard kind == .normal || kinds.rawValue >> UInt8(kind.rawValue) & 1 != 0 else { return }
    for index in 1...largestClass {
      let size = KmallocClass.size(index)
      guard size.rawValue >= KmallocClass.smallest(pointee.options.design) else { continue }
      var request = SlabRequest(
        name: KmallocClass.name(kind, index), objectSize: size,
        alignment: KmallocClass.alignment(size), flags: kind.slabFlags.union(.unmergeable),
        userWindow: 0..<size.rawValue)
      request.processors = processors
      table.setCache(kind, index, to: try makeCore(request))
    }
  }
}
