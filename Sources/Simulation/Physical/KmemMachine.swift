internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// Builds the machine that a trace of page requests is replayed on.
struct KmemMachine {
  let machine: TracedMachine
  let description: String
  /// Pages in use before the trace that found no place.
  private(set) var unplaced: UInt64 = 0

  init(_ settings: KmemSettings, processors: Int) throws {
    if let zones = settings.zones, settings.ram == nil, settings.cma == nil {
      (machine, unplaced) = try Self.recorded(zones, settings, processors)
      description = "the machine of the trace"
    } else {
      (machine, description) = try Self.empty(settings, processors)
      if let zones = settings.zones { unplaced = Self.fill(machine, Self.used(zones)) }
    }
  }

  /// The zones of the log with as many free blocks as it says, at places of our choice.
  private static func recorded(
    _ zones: [ZoneSnapshot], _ settings: KmemSettings, _ processors: Int
  ) throws -> (TracedMachine, UInt64) {
    var zones = zones
    let orders =
      settings.buddyinfo.map(\.counts.count).max()
      ?? settings.pagetypeinfo.compactMap { $0.free.first?.count }.max()
      ?? standardOrder(settings.pageSize) + 1
    for index in zones.indices {
      zones[index].freeCounts = Array(repeating: 0, count: orders)
    }
    guard var shape = TracedMachine.Shape(zones, pageSize: settings.pageSize) else {
      throw BadInput(
        file: "zoneinfo", line: 0, expected: "zones of a machine that we can build",
        found: "others")
    }
    shape.options.processors = max(processors, shape.options.processors)
    let ranges = shape.zones.map { (memory(of: $0, settings.pageSize), $0.node) }
    let machine = try TracedMachine(
      TracedMachine.Plan(
        pageSize: shape.pageSize, options: shape.options, memory: ranges, reserved: []))
    var missing: UInt64 = 0
    var kept: [(cpu: Int, frames: FrameRange)] = []
    for saved in shape.zones where machine.zone(saved) != nil {
      missing += leave(saved, machine, settings, &kept)
    }
    machine.restoreMarks(PhysicalSnapshot(zones: zones))
    for list in kept { machine.keep(list.frames, on: list.cpu) }
    return (machine, missing)
  }

  /// Where a zone has holes is not told: they are taken to be at its end.
  private static func memory(of zone: ZoneSnapshot, _ size: PageSize) -> PhysicalRange {
    let pages = min(max(zone.present, zone.managed), zone.spanned)
    return PhysicalRange(
      PhysicalAddress(zone.start << UInt64(size.shift)), count: pages << UInt64(size.shift))
  }

  private static func leave(
    _ saved: ZoneSnapshot, _ machine: TracedMachine, _ settings: KmemSettings,
    _ kept: inout [(cpu: Int, frames: FrameRange)]
  ) -> UInt64 {
    let size = settings.pageSize
    let range = memory(of: saved, size)
    var blocks = FreeBlockPlan(
      FrameRange(size.frame(of: range.start), size.frame(of: range.end)), of: machine.pages)
    let typed = settings.pagetypeinfo.first { $0.node == saved.node && $0.name == saved.name }
    if let typed {
      for (name, counts) in zip(typed.types, typed.free) {
        let type = MigrateType.allCases.first { "\($0.name)" == name } ?? .movable
        if type != .isolated { blocks.leave(counts, type) }
      }
    } else if let row = settings.buddyinfo.first(where: {
      $0.node == saved.node && $0.zone == saved.name
    }) {
      blocks.leave(row.counts, .movable)
    } else {
      blocks.leave(largest(saved.freePages, machine), .movable)
    }
    for set in saved.sets {
      kept.append((set.cpu, blocks.takeSingles(set.count)))
    }
    blocks.finish()
    return FragmentationSample(blocks: blocks.missing).freePages
  }

  /// So many pages in the largest blocks.
  private static func largest(_ pages: UInt64, _ machine: TracedMachine) -> [UInt64] {
    let order = machine.pages.pointee.maximumOrder.index
    return Array(repeating: 0, count: order) + [pages >> UInt64(order)]
  }

  /// A machine with one piece of memory, all of it free.
  private static func empty(
    _ settings: KmemSettings, _ processors: Int
  ) throws -> (TracedMachine, String) {
    let size = settings.pageSize
    let bytes =
      UInt64(
        (settings.ram ?? settings.zones.map { total($0, size) }
          ?? KmemSettings.usualRAM).rawValue) & ~UInt64(size.offsetMask)
    let memory = PhysicalRange(PhysicalAddress(0), count: bytes)
    var options = PageAllocatorOptions(pageSize: size)
    options.maximumOrder = Order(UInt8(standardOrder(size)))
    options.pageblockOrder = min(Order(size.shift - 3), options.maximumOrder)
    options.processors = processors
    options.hasHugePages = true
    options.layout = size == .size4K ? .x86 : ZoneLayout(pageSize: size)
    let area = try area(settings, in: bytes, options)
    let machine = try TracedMachine(
      TracedMachine.Plan(
        pageSize: size, options: options, memory: [(memory, 0)], reserved: area.map { [$0] } ?? []))
    if let area { lend(area, machine) }
    let words = "\(bytes >> 20) MiB of memory"
    return (machine, area.map { "\(words), \($0.count >> 20) MiB of it contiguous" } ?? words)
  }

  /// Whole pageblocks at the end of memory.
  private static func area(
    _ settings: KmemSettings, in bytes: UInt64, _ options: PageAllocatorOptions
  ) throws -> PhysicalRange? {
    guard let wanted = settings.cma, wanted > .zero else { return nil }
    let block = UInt64(settings.pageSize.bytes(in: options.pageblockOrder.pageCount).rawValue)
    let (sum, overflow) = UInt64(wanted.rawValue).addingReportingOverflow(block - 1)
    let size = sum & ~(block - 1)
    let end = bytes & ~(block - 1)
    guard !overflow, size <= end / 2 else {
      throw SimulationError.tooLittleMemory(bytes: UInt(bytes))
    }
    return PhysicalRange(PhysicalAddress(end - size), count: size)
  }

  /// Hands an area over for what can move. Linux: `init_cma_reserved_pageblock()`.
  private static func lend(_ area: PhysicalRange, _ machine: TracedMachine) {
    let pages = machine.pages
    let size = pages.pointee.directMap.pageSize
    let frames = FrameRange(size.frame(of: area.start), size.frame(of: area.end))
    var frame = frames.start
    while frame < frames.end {
      pages.pointee.restoreType(.cma, of: frame)
      frame = frame + pages.pointee.options.pageblockOrder.pageCount
    }
    pages.pointee.freeReserved(frames)
    pages.pointee.setMarks()
  }

  /// Requests as many frames as were in use, for contents that can move; how many did not fit.
  private static func fill(_ machine: TracedMachine, _ count: UInt64) -> UInt64 {
    for done in 0..<count {
      guard let page = try? machine.pages.pointee.allocatePage(flags: .userMovable) else {
        return count - done
      }
      page.pointee.isOnLRU = true
    }
    return 0
  }

  private static func used(_ zones: [ZoneSnapshot]) -> UInt64 {
    zones.reduce(0) { sum, zone in
      let idle = zone.sets.reduce(zone.freePages) { $0 &+ $1.count }
      return sum &+ (zone.managed > idle ? zone.managed - idle : 0)
    }
  }

  private static func total(_ zones: [ZoneSnapshot], _ size: PageSize) -> ByteCount {
    ByteCount(UInt(zones.reduce(0) { $0 &+ $1.present }) << UInt(size.shift))
  }

  /// Linux: `MAX_PAGE_ORDER`, which is 10 with pages of 4 KiB, 11 with 16 and 13 with 64.
  private static func standardOrder(_ size: PageSize) -> Int {
    size == .size64K ? 13 : size == .size16K ? 11 : 10
  }
}

extension TracedMachine {
  /// Puts single frames, which somebody has, on the lists of a processor.
  fileprivate func keep(_ frames: FrameRange, on cpu: Int) {
    processor = cpu
    var frame = frames.start
    while frame < frames.end {
      if pages.pointee.isOwned(frame, .zero) {
        pages.pointee.freePage(pages.pointee.page(of: frame))
      }
      frame = frame + PageCount(1)
    }
    processor = 0
  }
}

extension PhysicalSnapshot {
  /// A moment of which only the zones are known.
  fileprivate init(zones: [ZoneSnapshot]) {
    self.init(name: "zoneinfo")
    self.zones = zones
  }
}
