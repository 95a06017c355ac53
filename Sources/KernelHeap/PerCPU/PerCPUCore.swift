internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// The chunks of a machine by how much they have free, and what is counted of them.
///
/// Slot n holds the chunks whose longest free run has a size of the n-th class; behind the slots of
/// sizes come sidelined chunks, wholly free ones, and those that lose their empty pages.
/// Linux: `pcpu_chunk_lists` and what stands beside them, mm/percpu.c.
struct PerCPUSlots {
  static var limit: Int { 48 }

  var lists = InlineArray<48, IntrusiveList<PerCPUChunkLinking>>(repeating: IntrusiveList())
  var all = IntrusiveList<PerCPUAllLinking>()
  var reserved: Ref<PerCPUChunk>?
  /// Over all chunks that are not isolated nor reserved. Linux: `pcpu_nr_empty_pop_pages`.
  var emptyPopulatedCount = 0
  /// Pages with frames, for each unit. Linux: `pcpu_nr_populated`.
  var populatedCount = 0
  /// Whether `balance()` has something to do.
  var wantsBalance = false
  var statistics = PerCPUStatistics()
}

/// What /sys/kernel/debug/percpu_stats counts of all chunks. Linux: `struct percpu_stats`.
struct PerCPUStatistics {
  var allocations: UInt = 0
  var frees: UInt = 0
  var current: UInt = 0
  var most: UInt = 0
  var chunks: UInt = 0
  var mostChunks: UInt = 0
  var smallest: UInt = 0
  var largest: UInt = 0

  /// Linux: `pcpu_stats_area_alloc()`.
  mutating func noteAllocated(_ size: UInt) {
    allocations += 1
    current += 1
    most = max(most, current)
    smallest = smallest == 0 ? size : min(smallest, size)
    largest = max(largest, size)
  }

  mutating func noteFreed() {
    frees += 1
    current -= 1
  }

  mutating func noteChunk() {
    chunks += 1
    mostChunks = max(mostChunks, chunks)
  }
}

/// All that a per-CPU allocator is, at one address for its life.
struct PerCPUCore: ~Copyable {
  let layout: PerCPULayout
  let pages: Ref<PageAllocator>
  let space: PerCPUSpace?
  /// Where the first unit stands. Linux: `pcpu_base_addr`.
  let base: UInt
  /// The block that the first units were cut from.
  let firstBlock: Ref<Page>
  let faults = FaultSwitch()
  /// Whoever makes or ends chunks, or gives them frames or takes them. Linux: `pcpu_alloc_mutex`.
  let growth = SpinLock(())
  /// Linux: `pcpu_lock`. Taken last.
  let slots = SpinLock(PerCPUSlots())

  init(
    _ layout: PerCPULayout, _ pages: Ref<PageAllocator>, _ space: PerCPUSpace?,
    _ firstBlock: Ref<Page>
  ) {
    self.layout = layout
    self.pages = pages
    self.space = space
    self.firstBlock = firstBlock
    base = unsafe UInt(bitPattern: pages.pointee.pointer(to: firstBlock))
  }

  /// Linux: `pcpu_size_to_slot()`.
  func slot(ofSize size: Int) -> Int {
    size == Int(layout.unitSize.rawValue) ? freeSlot : Self.slotOfClass(size)
  }

  var sidelinedSlot: Int { Self.slotOfClass(Int(layout.unitSize.rawValue)) + 1 }
  var freeSlot: Int { sidelinedSlot + 1 }
  var depopulatedSlot: Int { freeSlot + 1 }

  /// Linux: `__pcpu_size_to_slot()`.
  private static func slotOfClass(_ size: Int) -> Int {
    max(Int.bitWidth - size.leadingZeroBitCount - 5 + 2, 1)
  }

  /// Where a chunk belongs. Linux: `pcpu_chunk_slot()`.
  func slot(of chunk: Ref<PerCPUChunk>) -> Int {
    if chunk.pointee.isIsolated { return chunk.pointee.slot }
    guard chunk.pointee.freeBits > 0, chunk.pointee.hint.longest > 0 else { return 0 }
    return slot(ofSize: chunk.pointee.hint.longest * PerCPUUnits.bytes)
  }
}

extension PerCPUSlots {
  /// Puts a chunk into the list where it belongs now. Linux: `pcpu_chunk_relocate()`.
  mutating func relocate(_ chunk: Ref<PerCPUChunk>, to slot: Int) {
    guard chunk.pointee.kind != .reserved, chunk.pointee.slot != slot else { return }
    let old = chunk.pointee.slot
    lists[old].remove(chunk)
    chunk.pointee.slot = slot
    // The first in line for areas that fit are those that had more before.
    if old < slot { lists[slot].pushFront(chunk) } else { lists[slot].pushBack(chunk) }
  }

  mutating func add(_ chunk: Ref<PerCPUChunk>, in slot: Int) {
    all.pushBack(chunk)
    populatedCount += chunk.pointee.populatedCount
    guard chunk.pointee.kind != .reserved else { return }
    emptyPopulatedCount += chunk.pointee.emptyPopulatedCount
    chunk.pointee.slot = slot
    lists[slot].pushFront(chunk)
  }

  /// Does what `body` does to the chunk and keeps the count of empty pages right.
  mutating func change<Result>(
    _ chunk: Ref<PerCPUChunk>, _ body: (Ref<PerCPUChunk>) -> Result
  ) -> Result {
    let before = chunk.pointee.emptyPopulatedCount
    let result = body(chunk)
    if chunk.pointee.kind != .reserved && !chunk.pointee.isIsolated {
      emptyPopulatedCount += chunk.pointee.emptyPopulatedCount - before
    }
    return result
  }

  func chunk(at address: UInt) -> Ref<PerCPUChunk>? {
    var next = all.first
    while let chunk = next {
      if chunk.pointee.bit(at: address) != nil { return chunk }
      next = all.next(after: chunk)
    }
    return nil
  }
}
