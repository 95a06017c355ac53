internal import Foundation
internal import MemoryTypes
internal import PhysicalMemory
public import Recordings

/// Foretells from a snapshot which frame each request of a trace gets, and compares.
///
/// ```
///   snapshot A ──> allocator ── request 1 ──> frame?  = the frame in the trace
///                      │     ── free ──────> drained? = the blocks in the trace
///                      ⋮
///   snapshot B  =  all its lists, in order; then the allocator is set to B
/// ```
/// What a snapshot does not show is carried over from the replay before it, or starts at rest; only
/// how often the batch of a processor was doubled is taken from the first filling that is seen.
/// Where the trace tells of frames moved or isolated, nothing is foretold up to the next snapshot
/// that was read while nothing changed.
public final class PhysicalCheck {
  let events: [KernelTraceEvent]
  let snapshots: [String: PhysicalSnapshot]
  let moments: [SnapshotMoments.Moment]
  let batches: BatchedFrees
  let pageSize: PhysicalFolder
  var report: PhysicalCheckReport
  var segment = PhysicalCheckReport.Segment(from: "")
  var machine: TracedMachine?
  /// Frames moved unseen since the machine was set.
  var isLost = true
  var carried: [CarriedState.Place: CarriedState] = [:]
  var calibrated: Set<CarriedState.Place> = []
  var pending = PendingEvents()
  var interrupt = InterruptState()
  var decays: WorkerClock
  /// What the snapshot and the machine had counted when the machine was set.
  var counted: (recorded: EventTotals, replayed: EventTotals)?

  /// How many differences are kept in detail.
  static let detailLimit = 20

  /// Reads the whole folder.
  ///
  /// - Throws: `BadInput` at the first defect.
  public init(_ folder: PhysicalFolder) throws(BadInput) {
    let reader = try KernelTraceReader(path: folder.trace)
    events = try reader.all()
    moments = SnapshotMoments(events, names: reader.names).moments
    batches = BatchedFrees(events)
    decays = WorkerClock(events)
    pageSize = folder
    var byName: [String: PhysicalSnapshot] = [:]
    for snapshot in try PhysicalSnapshotReader(path: folder.snapshots).all() {
      byName[snapshot.name] = snapshot
    }
    snapshots = byName
    report = PhysicalCheckReport(source: folder.path)
  }

  /// Replays everything and reports.
  ///
  /// - Throws: `BadInput` for a snapshot that no allocator can be set to.
  public func run() throws -> PhysicalCheckReport {
    let start = ContinuousClock.now
    var place = 0
    for moment in moments {
      guard let snapshot = snapshots[moment.name] else { continue }
      replay(place..<moment.window.lowerBound)
      compare(snapshot, over: moment)
      place = moment.window.upperBound
      if moment.isClean { try begin(snapshot) }
    }
    replay(place..<events.count)
    endSegment()
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func replay(_ places: Range<Int>) {
    for place in places { replay(at: place) }
    settle()
  }

  /// One event; those that say nothing of lists are no records.
  func replay(at place: Int) {
    let event = events[place]
    if event.changesLists { report.records += 1 }
    if event.movesUnnamed && !isLost {
      settle()
      carry()
      isLost = true
      segment.isCut = true
    }
    guard machine != nil, !isLost else {
      if event.changesLists, machine != nil {
        report.unsupported["after frames moved unseen", default: 0] += 1
        follow(event, at: place)
      } else if event.changesLists {
        report.unsupported["before the first snapshot", default: 0] += 1
      }
      return
    }
    apply(event, at: place)
  }

  /// Sets the machine to a snapshot.
  private func begin(_ snapshot: PhysicalSnapshot) throws {
    carry()
    endSegment()
    guard let shape = TracedMachine.Shape(snapshot.zones, pageSize: pageSize.pageSize) else {
      throw BadInput(
        file: pageSize.snapshots, line: 0, expected: "zones of a machine that we can build",
        found: "others, in snapshot \(snapshot.name)")
    }
    let machine = try TracedMachine(shape.plan)
    try machine.load(snapshot, file: pageSize.snapshots)
    self.machine = machine
    adoptCarried(isSure: !isLost)
    isLost = false
    pending = PendingEvents()
    markMovable()
    counted = EventTotals(snapshot).map { ($0, EventTotals(machine)) }
    segment = PhysicalCheckReport.Segment(from: snapshot.name)
  }

  private func endSegment() {
    if machine != nil { report.segments.append(segment) }
    segment = PhysicalCheckReport.Segment(from: segment.to ?? segment.from)
  }

  func note(_ line: Int, _ what: String, recorded: String, replayed: String) {
    report.differenceCount += 1
    guard report.differences.count < Self.detailLimit else { return }
    report.differences.append(
      PhysicalCheckReport.Difference(
        line: line, what: what, recorded: recorded, replayed: replayed))
  }
}

/// What of a processor's lists outlives a snapshot.
struct CarriedState {
  var tuning: PerCPUState
  var isBelowHigh: Bool

  struct Place: Hashable {
    var zone: Int
    var cpu: Int
  }
}

/// Events of the trace that wait for what they belong to.
struct PendingEvents {
  /// Frames taken from the free lists for the request that comes next.
  var takes: Set<UInt64> = []
  var fallbacks: [TracedFallback] = []
  /// The last event was a free, so that drains are its own.
  var followsFree = false
  var line = 0
}

/// The soft interrupt that is being served.
struct InterruptState {
  /// Events up to this place are its own.
  var end = 0
  /// It came while the interrupted thread had the lists of its processor locked.
  var isLocked = false
  /// The request that had its frame before it came.
  var served: Int?
  /// The free that it interrupted before the frame reached a list.
  var waiting: (frame: UInt64, order: UInt8, until: Int)?
}
