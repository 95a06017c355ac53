public import MemoryTypes

extension PerCPUAllocator {
  /// Writes what /sys/kernel/debug/percpu_stats has. Linux: `percpu_stats_show()`.
  public func writeStatistics(to sink: inout some TextSink) {
    writeLayout(to: &sink)
    writeTotals(to: &sink)
    sink.write("Per Chunk Stats:\n")
    sink.writeRule()
    // Who writes allocates nothing here, so the lock is held throughout, as in Linux.
    var chunk = core.pointee.slots.withLock { slots -> Ref<PerCPUChunk>? in
      slots.reserved
    }
    if let reserved = chunk { write(reserved, "Chunk: <- Reserved Chunk\n", to: &sink) }
    for slot in 0..<PerCPUSlots.limit {
      chunk = core.pointee.slots.withLock { $0.lists[slot].first }
      while let shown = chunk {
        write(shown, title(of: shown, in: slot), to: &sink)
        chunk = core.pointee.slots.withLock { $0.lists[slot].next(after: shown) }
      }
    }
  }

  private func title(of chunk: Ref<PerCPUChunk>, in slot: Int) -> StaticString {
    if chunk.pointee.kind == .first { return "Chunk: <- First Chunk\n" }
    if slot == core.pointee.depopulatedSlot { return "Chunk (to_depopulate)\n" }
    return slot == core.pointee.sidelinedSlot ? "Chunk (sidelined):\n" : "Chunk:\n"
  }

  private func writeLayout(to sink: inout some TextSink) {
    sink.write("Percpu Memory Statistics\nAllocation Info:\n")
    sink.writeRule()
    sink.write("unit_size", layout.unitSize.rawValue)
    sink.write("static_size", layout.staticSize.rawValue)
    sink.write("reserved_size", layout.reservedSize.rawValue)
    sink.write("dyn_size", layout.dynamicSize.rawValue)
    sink.write("atom_size", layout.atomSize.rawValue)
    sink.write("alloc_size", layout.allocationSize.rawValue)
    sink.write("\n")
  }

  private func writeTotals(to sink: inout some TextSink) {
    let (counts, empty) = core.pointee.slots.withLock { ($0.statistics, $0.emptyPopulatedCount) }
    sink.write("Global Stats:\n")
    sink.writeRule()
    sink.write("nr_alloc", counts.allocations)
    sink.write("nr_dealloc", counts.frees)
    sink.write("nr_cur_alloc", counts.current)
    sink.write("nr_max_alloc", counts.most)
    sink.write("nr_chunks", counts.chunks)
    sink.write("nr_max_chunks", counts.mostChunks)
    sink.write("min_alloc_size", counts.smallest)
    sink.write("max_alloc_size", counts.largest)
    sink.write("empty_pop_pages", UInt(empty))
    sink.write("\n")
  }

  /// Linux: `chunk_map_stats()`.
  private func write(
    _ chunk: Ref<PerCPUChunk>, _ title: StaticString, to sink: inout some TextSink
  ) {
    let sizes = core.pointee.slots.withLock { _ in PerCPUChunkSizes(chunk) }
    sink.write(title)
    sink.write("nr_alloc", chunk.pointee.allocationCount)
    sink.write("max_alloc_size", chunk.pointee.largestAllocation)
    sink.write("empty_pop_pages", UInt(chunk.pointee.emptyPopulatedCount))
    sink.write("first_bit", UInt(chunk.pointee.hint.firstFree))
    sink.write("free_bytes", UInt(chunk.pointee.freeBits * PerCPUUnits.bytes))
    sink.write("contig_bytes", UInt(chunk.pointee.hint.longest * PerCPUUnits.bytes))
    sink.write("sum_frag", sizes.gaps)
    sink.write("max_frag", sizes.largestGap)
    sink.write("cur_min_alloc", sizes.smallest)
    sink.write("cur_med_alloc", sizes.median)
    sink.write("cur_max_alloc", sizes.largest)
    sink.write("\n")
  }
}

/// The sizes of a chunk's areas, and of the gaps between them up to the last, in bytes: of an even
/// number the lower of the two in the middle.
///
/// Where the very last unit of the chunk is in use beside others, it does not count, as in Linux.
private struct PerCPUChunkSizes {
  var gaps: UInt = 0
  var largestGap: UInt = 0
  var smallest: UInt = 0
  var median: UInt = 0
  var largest: UInt = 0

  init(_ chunk: Ref<PerCPUChunk>) {
    var count: UInt = 0
    var end = chunk.pointee.area.lowerBound
    Self.forEachArea(chunk) { area in
      let gap = UInt((area.lowerBound - end) * PerCPUUnits.bytes)
      let size = UInt(area.count * PerCPUUnits.bytes)
      gaps += gap
      largestGap = max(largestGap, gap)
      smallest = count == 0 ? size : min(smallest, size)
      largest = max(largest, size)
      count += 1
      end = area.upperBound
    }
    if count > 0 { median = Self.size(ranked: (count - 1) / 2, in: chunk, smallest...largest) }
  }

  /// The size that has `rank` smaller or equal ones before it, by halving the sizes it can have:
  /// there is no memory to sort them in.
  private static func size(
    ranked rank: UInt, in chunk: Ref<PerCPUChunk>, _ sizes: ClosedRange<UInt>
  ) -> UInt {
    var low = sizes.lowerBound
    var high = sizes.upperBound
    while low < high {
      let middle = low + (high - low) / 2
      var notLarger: UInt = 0
      forEachArea(chunk) { if UInt($0.count * PerCPUUnits.bytes) <= middle { notLarger += 1 } }
      if notLarger > rank { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func forEachArea(_ chunk: Ref<PerCPUChunk>, _ body: (Range<Int>) -> Void) {
    let end = end(of: chunk)
    var bit = chunk.pointee.area.lowerBound
    while let start = chunk.pointee.used.firstSet(from: bit), start < end,
      let area = chunk.area(at: start)
    {
      body(area.clamped(to: 0..<end))
      bit = area.upperBound
    }
  }

  /// Where the last area ends. Linux: `find_last_bit()` of all units but one, in
  /// `chunk_map_stats()`.
  private static func end(of chunk: Ref<PerCPUChunk>) -> Int {
    let whole = chunk.pointee.area
    let last = whole.upperBound - 1
    var end = whole.lowerBound
    var bit = end
    while let start = chunk.pointee.used.firstSet(from: bit), start < last,
      let area = chunk.area(at: start)
    {
      end = min(area.upperBound, last)
      bit = area.upperBound
    }
    guard end == whole.lowerBound, chunk.pointee.used.firstSet(from: last) == last else {
      return end
    }
    return whole.upperBound
  }
}

extension TextSink {
  fileprivate mutating func writeRule() {
    pad(40, with: UInt8(ascii: "-"))
    write("\n")
  }

  fileprivate mutating func write(_ name: StaticString, _ value: UInt) {
    write("  ")
    write(name, width: 20)
    write(": ")
    write(decimal: UInt64(value), width: 12)
    write("\n")
  }
}
