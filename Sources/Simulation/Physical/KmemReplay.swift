internal import MemoryTypes
internal import PhysicalMemory
public import Recordings

/// Replays the page requests and frees of a trace, of whatever machine, on a page allocator of ours,
/// and follows how its free memory breaks up.
///
/// Frames are ours: one of the trace stands for the one that the same request got here. What was
/// allocated before the trace began is not known, so that its frees are counted and not done.
public final class KmemReplay {
  private let reader: KernelTraceReader
  private let settings: KmemSettings
  private var report: KmemReport
  private var machine: TracedMachine?
  private var blocks: [UInt64: Block] = [:]
  private var samples = SampleRow(limit: 64)
  private var firstTime: UInt64?
  private let progress: ((ReadingProgress) -> Void)?

  /// A block of the trace and ours.
  private struct Block {
    var frame: PageFrameNumber
    var order: Order
  }

  /// Every so many events a sample may be taken.
  private static let step = 256

  public init(
    _ reader: KernelTraceReader, source: String, on settings: KmemSettings,
    progress: ((ReadingProgress) -> Void)? = nil
  ) {
    self.reader = reader
    self.settings = settings
    self.progress = progress
    report = KmemReport(source: source)
  }

  /// Replays everything and reports.
  ///
  /// - Throws: `BadInput` at the first defect, `SimulationError` for a machine that cannot be.
  public func run() throws -> KmemReport {
    let start = ContinuousClock.now
    var event = try reader.next()
    let processors = settings.processors ?? max(1, reader.processors)
    let built = try KmemMachine(settings, processors: min(processors, 1024))
    machine = built.machine
    report.machine = built.description
    report.unplacedPages = built.unplaced
    report.managedPages = UInt64(built.machine.pages.pointee.managedPageCount.rawValue)
    report.pageSize = UInt64(settings.pageSize.bytes.rawValue)
    built.machine.told = ToldEvents()
    samples.offer(sample(at: 0, built.machine))
    while let next = event {
      apply(next, built.machine)
      event = try reader.next()
    }
    finish(built.machine)
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func apply(_ event: KernelTraceEvent, _ machine: TracedMachine) {
    report.events += 1
    let base = firstTime ?? event.time
    firstTime = base
    machine.processor = Int(event.cpu) % machine.pages.pointee.options.processors
    switch event.kind {
    case .allocate(let frame, let order, _, let flags): allocate(frame, order, flags, machine)
    case .free(let frame, let order): free(frame, order, machine)
    case .take: report.recordedTakes += 1
    case .drain: report.recordedDrains += 1
    case .fallback: report.recordedFallbacks += 1
    default: break
    }
    gather(machine)
    if report.events % Self.step == 0 {
      samples.offer(sample(at: event.time &- base, machine))
      progress?(reader.progress)
    }
    lastTime = event.time &- base
  }

  private var lastTime: UInt64 = 0

  private func allocate(
    _ frame: UInt64, _ order: UInt8, _ flags: GFPFlags, _ machine: TracedMachine
  ) {
    report.requests.count += 1
    report.requests.orders[Int(order), default: 0] += 1
    guard frame != 0 else { return report.requests.recordedFailed += 1 }
    let pages = machine.pages
    guard order <= pages.pointee.maximumOrder.rawValue,
      let page = try? pages.pointee.allocatePages(order: Order(order), flags: flags.allocation)
    else { return report.requests.failed += 1 }
    let ours = Block(frame: pages.pointee.frame(of: page), order: Order(order))
    if flags.contains(.movable) {
      PhysicalCheck.setLRU(true, pages, ours.frame, ours.order)
    }
    // A free that the trace lost: the frame is handed out anew.
    if let stale = blocks.updateValue(ours, forKey: frame) { give(stale, pages) }
  }

  /// Frees what the request of the trace got here. A block that was split is freed when its first
  /// page is.
  private func free(_ frame: UInt64, _ order: UInt8, _ machine: TracedMachine) {
    guard let block = blocks.removeValue(forKey: frame) else { return report.unknownFrees += 1 }
    report.frees += 1
    give(block, machine.pages)
  }

  private func give(_ block: Block, _ pages: Ref<PageAllocator>) {
    PhysicalCheck.setLRU(false, pages, block.frame, block.order)
    pages.pointee.freePages(pages.pointee.page(of: block.frame), order: block.order)
  }

  private func gather(_ machine: TracedMachine) {
    guard machine.told.isAny else { return }
    report.fallbacks += machine.told.fallbacks.count
    report.drains += machine.told.drains.count
    report.takes += machine.told.refilled
    machine.told = ToldEvents()
  }

  private func sample(at time: UInt64, _ machine: TracedMachine) -> FragmentationSample {
    FragmentationSample(
      time: time, events: report.events, blocks: machine.pages.pointee.blocksByOrder,
      fallbacks: report.fallbacks)
  }

  private func finish(_ machine: TracedMachine) {
    report.samples = samples.samples
    if report.samples.last?.events != report.events {
      report.samples.append(sample(at: lastTime, machine))
    }
    report.ignored = reader.ignored
    report.lost = reader.lost
    report.bytes = reader.byteCount
    let pages = machine.pages
    for zone in pages.pointee.zones where zone.pointee.managedPages > .zero {
      let name = "\(zone.pointee.kind.name)"
      let node = Int(zone.pointee.node)
      let blocks = (0...pages.pointee.maximumOrder.rawValue).map {
        UInt64(zone.pointee.freeBlockCount(of: Order($0)))
      }
      report.zones.append(
        KmemReport.Zone(
          node: node, name: name, blocks: blocks,
          recorded: settings.finalBuddyinfo.first { $0.node == node && $0.zone == name }?.counts))
    }
  }
}
