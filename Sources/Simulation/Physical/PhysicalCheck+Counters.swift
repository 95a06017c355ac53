internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// Frames handed out and given back so far, as the snapshots' /proc/vmstat counts them and as our
/// allocator does.
struct EventTotals {
  var allocated: UInt64
  var freed: UInt64

  /// Nil where a snapshot does not tell.
  init?(_ snapshot: PhysicalSnapshot) {
    let allocations = snapshot.vmstat.filter { $0.key.hasPrefix("pgalloc_") }
    guard !allocations.isEmpty, let freed = snapshot.vmstat["pgfree"] else { return nil }
    allocated = allocations.values.reduce(0) { $0 &+ UInt64(bitPattern: $1) }
    self.freed = UInt64(bitPattern: freed)
  }

  init(_ machine: TracedMachine) {
    allocated = 0
    freed = 0
    for zone in machine.pages.pointee.zones {
      allocated &+= UInt64(zone.pointee.pagesAllocated)
      freed &+= UInt64(zone.pointee.pagesFreed)
    }
  }

  static func - (left: EventTotals, right: EventTotals) -> EventTotals {
    var difference = left
    difference.allocated &-= right.allocated
    difference.freed &-= right.freed
    return difference
  }
}

/// What has been counted between two snapshots, theirs and ours.
struct EventCounterCheck {
  private let recorded: EventTotals
  private let start: EventTotals
  private var latest: EventTotals
  private var hasAllocated = false
  private var hasFreed = false

  init(_ recorded: EventTotals, from start: EventTotals, _ machine: TracedMachine) {
    self.recorded = recorded
    self.start = start
    latest = start
    look(machine)
  }

  /// The kernel's counters were read at some moment while the snapshot was: each may be equal then.
  mutating func look(_ machine: TracedMachine) {
    latest = EventTotals(machine) - start
    if latest.allocated == recorded.allocated { hasAllocated = true }
    if latest.freed == recorded.freed { hasFreed = true }
  }

  var results: [(name: String, isEqual: Bool, recorded: UInt64, replayed: UInt64)] {
    [
      ("frames allocated", hasAllocated, recorded.allocated, latest.allocated),
      ("frames freed", hasFreed, recorded.freed, latest.freed),
    ]
  }
}
