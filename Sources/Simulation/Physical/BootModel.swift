internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// The zones of a recorded machine with all their figures, computed from its memblock.
///
/// Two moments count. The marks are computed when the processors run and the page allocator works,
/// but before the initial RAM disk and the kernel's own start code have been given back; what the
/// machine has managed by then is smaller than what it reports later. And reading
/// /proc/sys/vm/lowmem_reserve_ratio computes the reserves anew, from what is managed at that time.
struct BootModel {
  struct Zone {
    var node: Int32
    var span: ZoneSpan
    /// Frames of contiguous areas. Linux: `cma_pages`.
    var contiguous = PageCount.zero
    var managedAtMarks = PageCount.zero
    var managed = PageCount.zero
    var marks = Watermarks.none
    var reserveAtMarks = LowMemoryReserve.none
    /// As the last reading of the ratios left it.
    var reserve = LowMemoryReserve.none
    var lists = PerCPUMarks(batch: .zero, highMinimum: .zero, highMaximum: .zero)
    var statisticsThreshold: UInt = 0
  }

  /// Memory given back late whose place nothing tells, so that no zone could be given it.
  private(set) var unplaced: UInt64 = 0
  private(set) var zones: [Zone] = []
  private(set) var minimumFreeKilobytes: UInt64 = 0
  private(set) var movable: MovableStarts
  let limits: ZoneLimits

  private let kernel: BootKernel
  private let folder: BootFolder
  private let nodes: [Int32]

  init(_ replay: BootReplay) {
    kernel = replay.kernel
    folder = replay.folder
    let memory = replay.memory
    let layout = kernel.layout(memory.memblock, folder.run)
    let request = MovableRequest(folder.run, kernel.pageSize)
    limits = ZoneLimits(layout, memory.memblock)
    movable = MovableStarts(
      request, layout, maximumOrder: kernel.maximumOrder, memory.memblock)
    let numbered = kernel.nodes.indices.map(Int32.init)
    nodes = Set(numbered + replay.nodes + folder.zones.map(\.node)).sorted()
    for node in nodes {
      let span = NodeSpan(node, memory.memblock, layout, movable: movable)
      for name in kernel.zoneNames {
        guard let kind = PhysicalMemory.Zone.Kind(name: name) else { continue }
        zones.append(Zone(node: node, span: span[kind]))
      }
    }
    count(replay)
    computeMarks()
    computeReserves()
  }

  /// The zone of `node` of a kind; nil for one that the kernel does not have.
  subscript(node: Int32, kind: PhysicalMemory.Zone.Kind) -> Zone? {
    zones.first { $0.node == node && $0.span.kind == kind }
  }

  /// Linux: `totalreserve_pages`, as the last reading of the ratios left it.
  var totalReserve: PageCount {
    zones.reduce(.zero) { sum, zone in
      sum + zone.reserve.total(high: zone.marks.high, managed: zone.managed)
    }
  }

  /// The same as it was when the marks were computed.
  var totalReserveAtMarks: PageCount {
    zones.reduce(.zero) { sum, zone in
      sum + zone.reserveAtMarks.total(high: zone.marks.high, managed: zone.managedAtMarks)
    }
  }

  private mutating func count(_ replay: BootReplay) {
    for index in zones.indices {
      let zone = zones[index]
      let free = replay.handedOver?[zone.node] ?? []
      zones[index].managed = free.reduce(.zero) { $0 + $1.common(with: zone.span.range) }
      for area in replay.areas {
        let frames = PhysicalRange(area).wholeFrames(kernel.pageSize)
        zones[index].contiguous += frames.common(with: zone.span.range)
      }
      zones[index].managed += zones[index].contiguous
      zones[index].managedAtMarks = zones[index].managed
    }
    for late in replay.lateMemory { give(late, replay) }
  }

  private mutating func give(_ late: BootReplay.LateMemory, _ replay: BootReplay) {
    let pages = PageCount(UInt(clamping: late.bytes >> UInt64(kernel.pageSize.shift)))
    guard let start = late.start, let index = zone(of: start, replay) else {
      unplaced += late.bytes
      return
    }
    zones[index].managed += pages
    if late.isEarly { zones[index].managedAtMarks += pages }
  }

  private func zone(of address: UInt64, _ replay: BootReplay) -> Int? {
    let frame = kernel.pageSize.frame(of: PhysicalAddress(address))
    let regions = replay.memory.memblock.memory
    let node = (0..<regions.count).first { Range(regions[$0].range).contains(address) }
      .map { regions[$0].node }
    return zones.firstIndex { $0.node == node && $0.span.range.contains(frame) }
  }
}

extension BootModel {
  /// Twice where huge pages are known, which see the marks that the first minimum led to: they raise
  /// the minimum, or, where they are off, compute it anew from what those marks leave.
  private mutating func computeMarks() {
    let pageSize = kernel.pageSize
    minimumFreeKilobytes = MinimumFree.kilobytes(forBuffers: bufferPages, pageSize)
    setMarks()
    let total = zones.reduce(PageCount.zero) { $0 + $1.managedAtMarks }
    if kernel.knowsHugePages && MinimumFree.allowsHugePages(total, pageSize) {
      minimumFreeKilobytes =
        kernel.usesHugePages
        ? max(minimumFreeKilobytes, recommendedKilobytes)
        : MinimumFree.kilobytes(forBuffers: bufferPages, pageSize)
      setMarks()
    }
    for index in zones.indices { setLists(&zones[index]) }
  }

  private var recommendedKilobytes: UInt64 {
    let populated = zones.count { $0.span.kind.servesBuffers && $0.managedAtMarks > .zero }
    return MinimumFree.kilobytesForHugePages(
      zones: UInt(populated), block: kernel.blockOrder.pageCount, buffers: bufferPages,
      kernel.pageSize)
  }

  /// Linux: `nr_free_buffer_pages()`.
  private var bufferPages: PageCount {
    zones.reduce(.zero) { sum, zone in
      guard zone.span.kind.servesBuffers, zone.managedAtMarks > zone.marks.high else { return sum }
      return sum + zone.managedAtMarks - zone.marks.high
    }
  }

  private mutating func setMarks() {
    var basis = WatermarkBasis(
      minimumFreeKilobytes: minimumFreeKilobytes, lowMemory: .zero,
      scaleFactor: folder.number("watermark_scale_factor") ?? 10,
      countsMovable: !kernel.sparesMovable && limits.highest != .highMemory,
      pageSize: kernel.pageSize)
    basis.lowMemory = zones.reduce(.zero) { sum, zone in
      basis.sharesMinimum(zone.span.kind) ? sum + zone.managedAtMarks : sum
    }
    for index in zones.indices {
      let size = ZoneSize(zones[index].span.kind, managed: zones[index].managedAtMarks)
      zones[index].marks = Watermarks(of: size, basis)
    }
  }

  private func setLists(_ zone: inout Zone) {
    let all = kernel.processors
    let own = kernel.nodes.isEmpty ? all : processors(of: zone.node)
    zone.lists = PerCPUMarks(
      managed: zone.managedAtMarks, low: zone.marks.low, processors: own == 0 ? all : own,
      fraction: UInt(clamping: folder.number("percpu_pagelist_high_fraction") ?? 0),
      isTuned: kernel.tunesLists, kernel.pageSize)
    zone.statisticsThreshold = StatisticsThreshold.pages(
      managed: zone.managedAtMarks, processors: all, kernel.pageSize)
  }

  private func processors(of node: Int32) -> UInt {
    guard kernel.nodes.indices.contains(Int(node)) else { return 0 }
    return UInt(kernel.nodes[Int(node)].processors.count { $0 < kernel.processors })
  }

  private mutating func computeReserves() {
    let ratios = (folder.settings["lowmem_reserve_ratio"] ?? "")
      .split { $0 == " " || $0 == "\t" }.map { UInt($0) }
    for node in nodes {
      var atMarks = InlineArray<5, PageCount>(repeating: .zero)
      var now = atMarks
      for zone in zones where zone.node == node {
        atMarks[Int(zone.span.kind.rawValue)] = zone.managedAtMarks
        now[Int(zone.span.kind.rawValue)] = zone.managed
      }
      for index in zones.indices where zones[index].node == node {
        let kind = zones[index].span.kind
        let place = kernel.zoneNames.firstIndex { PhysicalMemory.Zone.Kind(name: $0) == kind }
        let stated = place.flatMap { ratios.indices.contains($0) ? ratios[$0] : nil }
        let ratio = stated ?? LowMemoryReserve.standardRatio(of: kind)
        zones[index].reserveAtMarks = LowMemoryReserve(of: kind, ratio: ratio, atMarks)
        zones[index].reserve = LowMemoryReserve(
          of: kind, ratio: ratio, ratios.isEmpty ? atMarks : now)
      }
    }
  }
}

extension BootFolder {
  fileprivate func number(_ setting: String) -> UInt64? { settings[setting].flatMap { UInt64($0) } }
}

extension FrameRange {
  /// How many frames lie in both ranges.
  fileprivate func common(with other: FrameRange) -> PageCount {
    let first = max(start, other.start)
    let last = min(end, other.end)
    return first < last ? last - first : .zero
  }
}

extension PhysicalMemory.Zone.Kind {
  /// Linux: up to `gfp_zone(GFP_USER)`.
  fileprivate var servesBuffers: Bool { self != .highMemory && self != .movable }
}

extension MovableRequest {
  /// What the kernel's command line asks for. Sizes are cut to whole pages.
  init(_ run: BootRun, _ pageSize: PageSize) {
    let kernel = run.parameter("kernelcore")
    let movable = run.parameter("movablecore")
    func percent(_ text: String?) -> UInt? {
      guard let text, text.hasSuffix("%") else { return nil }
      return UInt(text.dropLast())
    }
    func pages(_ text: String?) -> PageCount {
      let bytes = text.flatMap { BootRun.size($0, unit: 1) } ?? 0
      return PageCount(UInt(clamping: bytes >> UInt64(pageSize.shift)))
    }
    if run.commandLine.contains("movable_node") {
      self = .hotpluggable
    } else if kernel == "mirror" {
      self = .mirror
    } else if percent(kernel) != nil || percent(movable) != nil {
      self = .percent(kernel: percent(kernel) ?? 0, movable: percent(movable) ?? 0)
    } else if kernel != nil || movable != nil {
      self = .pages(kernel: pages(kernel), movable: pages(movable))
    } else {
      self = .none
    }
  }
}
