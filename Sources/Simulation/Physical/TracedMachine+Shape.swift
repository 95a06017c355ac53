internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension TracedMachine {
  /// What a machine is built from: its zones and the geometry of its pages.
  struct Shape {
    var zones: [ZoneSnapshot]
    var pageSize: PageSize
    var options: PageAllocatorOptions

    /// The zones that have frames, of kinds that we have.
    ///
    /// - Parameter pageSize: Of the kernel; nil for the one that kernels with that largest order have.
    init?(_ zones: [ZoneSnapshot], pageSize: PageSize?) {
      self.zones = zones.filter { $0.managed > 0 && $0.spanned > 0 && $0.kind != nil }
      let highest = self.zones.map(\.freeCounts.count).max() ?? 0
      guard highest > 1, highest <= 14, self.zones.allSatisfy({ $0.isPlausible }) else {
        return nil
      }
      let size = pageSize ?? Self.pageSize(maximumOrder: highest - 1)
      self.pageSize = size
      options = PageAllocatorOptions(pageSize: size)
      options.maximumOrder = Order(UInt8(highest - 1))
      options.pageblockOrder = Order(
        min(Self.pageblockOrder(self.zones) ?? size.shift - 3, UInt8(highest - 1)))
      options.processors = 1 + (self.zones.flatMap(\.sets).map(\.cpu).max() ?? 0)
      // The lists of huge pages are there whether or not huge pages are on.
      options.hasHugePages = true
      options.layout = layout(zones)
      guard options.processors <= 4096 else { return nil }
    }

    /// The bytes of a zone.
    func range(of zone: ZoneSnapshot) -> PhysicalRange {
      PhysicalRange(
        PhysicalAddress(zone.start << UInt64(pageSize.shift)),
        count: zone.spanned << UInt64(pageSize.shift))
    }

    /// All frames are somebody's at first.
    var plan: Plan {
      let ranges = zones.map { (range(of: $0), $0.node) }
      return Plan(
        pageSize: pageSize, options: options, memory: ranges, reserved: ranges.map(\.0))
    }

    private func layout(_ all: [ZoneSnapshot]) -> ZoneLayout {
      var layout = ZoneLayout(pageSize: pageSize)
      for kind in all.compactMap(\.kind) { layout.kinds.insert(ZoneKinds(kind)) }
      if let end = end(of: .dma) { layout.dmaEnd = end }
      if let end = end(of: .dma32) { layout.dma32End = end }
      if layout.kinds.contains(.highMemory), let end = end(of: .normal) {
        layout.lowMemoryEnd = end
      }
      return layout
    }

    private func end(of kind: Zone.Kind) -> PhysicalAddress? {
      zones.filter { $0.kind == kind }.map { range(of: $0).end }.max()
    }

    /// Kernels of 4 KiB pages have orders up to 10, of 16 KiB up to 11, of 64 KiB up to 13.
    private static func pageSize(maximumOrder: Int) -> PageSize {
      switch maximumOrder {
      case ...10: .size4K
      case 11, 12: .size16K
      default: .size64K
      }
    }

    /// What two runs of pageblocks side by side tell; nil where no zone has two.
    private static func pageblockOrder(_ zones: [ZoneSnapshot]) -> UInt8? {
      var smallest: UInt8?
      for zone in zones {
        for (run, next) in zip(zone.pageblocks, zone.pageblocks.dropFirst())
        where run.count > 0 && next.start > run.start {
          let order = UInt8(((next.start - run.start) / run.count).trailingZeroBitCount & 63)
          smallest = min(smallest ?? order, order)
        }
      }
      return smallest
    }
  }
}

extension ZoneSnapshot {
  var kind: Zone.Kind? {
    Zone.Kind.allCases.first { "\($0.name)" == name }
  }

  /// Frames that a page array of the host can have.
  fileprivate var isPlausible: Bool {
    start < 1 << 40 && spanned < 1 << 32 && managed <= spanned && marks.count >= 3
      && !freeCounts.isEmpty && (marks + lowmemReserve + [boost]).allSatisfy { $0 < 1 << 40 }
      && sets.allSatisfy {
        $0.cpu < 4096 && 1...(1 << 16) ~= $0.batch
          && max($0.high, $0.highMinimum, $0.highMaximum) < 1 << 32
      }
  }
}
