internal import KernelHeap
internal import MemoryTypes
public import Recordings

/// Replays the requests and frees of a heap's trace under each design, each on a machine of its own,
/// and follows what memory that takes.
///
/// Objects are ours: one of the trace stands for the one that the same request got here. What was
/// allocated before the trace began is not known, so that its frees are counted and not done.
public final class KmallocReplay {
  private let reader: KernelTraceReader
  private let settings: KmallocSettings
  private var report: KmallocReport
  private let progress: ((ReadingProgress) -> Void)?
  private var runs: [KmallocRun] = []
  /// Addresses of the trace at which objects live.
  private var live: Set<UInt64> = []
  private var names: Set<UInt32> = []

  public init(
    _ reader: KernelTraceReader, source: String, on settings: KmallocSettings,
    progress: ((ReadingProgress) -> Void)? = nil
  ) {
    self.reader = reader
    self.settings = settings
    self.progress = progress
    report = KmallocReport(source: source)
  }

  /// Whether the file is a trace of objects, by its first events: none of them is about frames.
  public static func recognises(path: String) -> Bool {
    guard KernelTraceReader.recognises(path: path),
      let reader = try? KernelTraceReader(path: path)
    else { return false }
    for _ in 0..<64 {
      guard let event = try? reader.next() else { return false }
      switch event.kind {
      case .allocateObject, .freeObject: return true
      case .allocate, .free, .freeBatched, .take, .drain, .fallback: return false
      default: continue
      }
    }
    return false
  }

  /// Replays everything and reports.
  ///
  /// - Throws: `BadInput` at the first defect, `SimulationError` for a machine that cannot be.
  public func run() throws -> KmallocReport {
    let start = ContinuousClock.now
    var event = try reader.next()
    report.processors = min(settings.processors ?? max(1, reader.processors), 1024)
    report.pageSize = UInt64(settings.pageSize.bytes.rawValue)
    runs = try settings.designs.map { design in
      KmallocRun(try KmallocMachine(design, settings, processors: report.processors), design)
    }
    while let next = event {
      apply(next)
      event = try reader.next()
    }
    report.caches = names.count
    report.designs = runs.map { $0.finish(after: report.events) }
    report.ignored = reader.ignored
    report.lost = reader.lost
    report.bytes = reader.byteCount
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func apply(_ event: KernelTraceEvent) {
    report.events += 1
    for run in runs { run.machine.processor = Int(event.cpu) % report.processors }
    switch event.kind {
    case .allocateObject(let address, let requested, let recorded, let flags, let cache):
      count(cache, address)
      guard address != 0 else { break }
      if !live.insert(address).inserted {
        report.silentFrees += 1
        for run in runs { run.free(address) }
      }
      for run in runs { run.allocate(address, requested, recorded, flags, cache) }
    case .freeObject(0, _): report.emptyFrees += 1
    case .freeObject(let address, _):
      guard live.remove(address) != nil else {
        report.unknownFrees += 1
        break
      }
      report.frees += 1
      for run in runs { run.free(address) }
    default: break
    }
    for run in runs { run.note(report.events) }
    if report.events % Self.step == 0 { progress?(reader.progress) }
  }

  private func count(_ cache: UInt32, _ address: UInt64) {
    if cache == .max {
      report.kmallocs += 1
    } else {
      report.cacheRequests += 1
      names.insert(cache)
    }
    if address == 0 { report.recordedFailed += 1 }
  }

  private static let step = 1024
}

/// One design at work.
private final class KmallocRun {
  let machine: KmallocMachine
  private var objects: [UInt64: KmallocMachine.Object] = [:]
  private var figures: KmallocReport.Design
  private var now = KmallocReport.Moment()

  /// Larger objects no heap gives.
  private static let largest: UInt64 = 1 << 22

  init(_ machine: KmallocMachine, _ design: SlabDesign) {
    self.machine = machine
    figures = KmallocReport.Design(name: design.name)
  }

  func allocate(
    _ address: UInt64, _ requested: UInt64, _ recorded: UInt64, _ flags: GFPFlags, _ cache: UInt32
  ) {
    guard requested <= Self.largest, recorded <= 2 * Self.largest,
      let object = cache == .max
        ? machine.allocate(requested, recorded: recorded, flags: flags)
        : machine.allocate(requested, recorded: recorded, cache: cache)
    else {
      figures.failed += 1
      return
    }
    objects[address] = object
    now.objects += 1
    now.requestedBytes += object.requested
    now.slotBytes += object.slot
    now.recordedBytes += object.recorded
    if let row = object.row { now.rows[keyPath: row] += object.slot }
  }

  func free(_ address: UInt64) {
    guard let object = objects.removeValue(forKey: address) else { return }
    machine.free(object)
    now.objects -= 1
    now.requestedBytes -= object.requested
    now.slotBytes -= object.slot
    now.recordedBytes -= object.recorded
    if let row = object.row { now.rows[keyPath: row] -= object.slot }
  }

  /// Keeps the figures if the heap never had more memory.
  func note(_ events: Int) {
    now.events = events
    now.memoryBytes = machine.memoryBytes
    if now.memoryBytes > figures.peak.memoryBytes { figures.peak = now }
  }

  func finish(after events: Int) -> KmallocReport.Design {
    note(events)
    figures.end = now
    figures.slabs = machine.slabs(of: objects.values)
    return figures
  }
}
