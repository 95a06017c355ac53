internal import AddressSpaces
internal import Foundation
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
public import Recordings

/// Runs a recording's events on a simulated machine and compares what comes of them.
///
/// ```
///   reader ── event ──> Replayer ── call, fault, fork … ──> Kernel on SimulatedHardware
///                          │                                       │
///                          └── recorded result and maps  <── compare ──┘
/// ```
/// A result that differs is counted and shown. Where the maps differ, or a call is not built yet, the
/// recorded maps are taken over (*adopted*, counted), so that one defect does not taint the rest.
public final class Replayer {
  let reader: any RecordingReader
  let computer: Computer
  let options: ReplayOptions
  /// The recording tells what every byte was at the start: what is read can be compared.
  let comparesValues: Bool
  var report: ReplayReport
  var tasks: [Int32: ReplayedTask] = [:]
  var files: [String: ReplayedFile] = [:]
  /// The recorded maps that the last event should have led to, checked before the next one.
  var pendingMaps: PendingMaps?
  var totals = ResidentTotals()

  /// Boots the machine.
  ///
  /// - Throws: `SimulationError` when it cannot be simulated.
  public init(
    _ reader: any RecordingReader, source: String, on configuration: MachineConfiguration,
    options: ReplayOptions = ReplayOptions()
  ) throws(SimulationError) {
    self.reader = reader
    self.options = options
    comparesValues =
      reader.header.source == .oracle && reader.files.allSatisfy { $0.contents != nil }
    computer = try Computer(configuration, hasContents: comparesValues)
    report = ReplayReport(source: source, machine: configuration.summary)
  }

  /// Replays everything, ends all tasks, and reports.
  ///
  /// - Throws: `BadInput` at the first defect of the recording.
  public func run() throws(BadInput) -> ReplayReport {
    let start = ContinuousClock.now
    report.before = computer.state
    beginOracle()
    while let event = try reader.next() {
      report.records += 1
      apply(event)
      if options.checksInvariants { checkInvariants() }
      if options.stopsAtDifference, report.differenceCount > 0 { break }
      if options.stopsAtResidency, report.residency.differences > 0 { break }
      if report.records % 64 == 0, let progress = reader.progress { options.progress?(progress) }
    }
    settlePendingMaps()
    noteFinalState()
    endAllTasks()
    report.after = computer.state
    // Every frame is looked at: too much to do after each event.
    if options.checksInvariants { computer.pages.pointee.checkInvariants() }
    report.ignored = reader.ignored
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func apply(_ event: RecordedEvent) {
    if case .mapsChange(let removed, let added) = event.body {
      return expectChange(event, removed, added)
    }
    settlePendingMaps()
    switch event.body {
    case .call(let call): replay(call, event)
    case .exec(let image): execute(image, event)
    case .fork(let child, let sharesMemory): fork(child, sharesMemory: sharesMemory, event)
    case .exit: exit(event)
    case .fault(let address, let access): touch(address, access, event)
    case .mapsChange: break
    case .maps(let lines): compareWhole(lines, event)
    case .fileSize(let file, let bytes): setSize(of: file, bytes)
    case .probe(let probe): replay(probe, event)
    case .accesses(let accesses): replay(accesses, event)
    }
    noteMemory(of: event.task)
  }

  private func checkInvariants() {
    for task in tasks.values { task.kernelTask.pointee.space.pointee.checkInvariants() }
  }
}

/// How a replay is done.
public struct ReplayOptions: Sendable {
  /// Checks every structure after every event.
  public var checksInvariants = false
  /// Reads no further once something differs.
  public var stopsAtDifference = false
  /// Also when it is only what is in memory, or how many faults that took.
  public var stopsAtResidency = false
  /// How many differences are kept in detail.
  public var detailLimit = 20
  /// Told every 4096 events how far reading has come.
  public var progress: (@Sendable (ReadingProgress) -> Void)?

  public init() {}
}

/// A task of the recording and what is known of its address space.
struct ReplayedTask {
  var kernelTask: Ref<Task>
  var truth: RecordedSpace
}

/// The recorded maps of one address space; shared by the tasks in it.
final class RecordedSpace {
  /// In address order; nil where the recording does not follow them.
  var lines: [MapLine]?
  /// The break must be learned from the first `brk`.
  var learnsBreak = false
  /// The image is not known: results are taken over until it is.
  var isUnknown = false
  var resident = 0
  var tablePages = 0
  var minor: UInt64 = 0
  var major: UInt64 = 0
  /// Faults of the accesses since the recording last told how many there were.
  var accessFaults: (minor: UInt64, major: UInt64) = (0, 0)

  init(lines: [MapLine]?) { self.lines = lines }

  /// A forked child's: the same maps.
  func copy() -> RecordedSpace {
    let copy = RecordedSpace(lines: lines)
    copy.learnsBreak = learnsBreak
    copy.isUnknown = isUnknown
    return copy
  }
}

/// A file of the recording in the kernel.
struct ReplayedFile {
  var file: Ref<MappedFile>
}

/// What a comparison of maps is waiting for.
struct PendingMaps {
  var task: Int32
  var position: Int
  var what: String
  /// The event is one whose effect is not built: the maps are taken over, not compared.
  var mustAdopt: Bool
}

/// Sums over all address spaces, kept up to date by differences.
struct ResidentTotals {
  var resident = 0
  var tablePages = 0
  var minor: UInt64 = 0
  var major: UInt64 = 0
}
