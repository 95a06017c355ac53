internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// When the worker of a processor looked after its lists without a trace: it folds counters and
/// shortens lists once a second.
///
/// The worker is due at full seconds of the kernel's tick count, which starts at 2^32 - 300 seconds of
/// ticks: with the usual 250 ticks a second, the first is due 204 ticks after the first tick. Traces
/// by the clock of the processor count from the start of the machine, which is some 10 ms before that.
/// Where a worker is seen to drain, that was its time.
struct WorkerClock {
  /// Nanoseconds of the trace's clock, ascending.
  private var times: ArraySlice<UInt64> = []

  private static let second: UInt64 = 1_000_000_000
  private static let phase: UInt64 = 826_000_000
  /// How far a worker may be from its time.
  private static let slack: UInt64 = 40_000_000

  init(_ events: [KernelTraceEvent]) {
    guard let first = events.first?.time, let last = events.last?.time, first <= last,
      last - first < 3600 * Self.second
    else { return }
    let seen = events.filter(\.isWorkersDrain).map(\.time)
    var time = first / Self.second * Self.second + Self.phase
    while time <= last {
      if time > first, !seen.contains(where: { $0 &- time &+ Self.slack < 2 * Self.slack }) {
        times.append(time)
      }
      time += Self.second
    }
  }

  /// Whether a time has come; it is not told again.
  mutating func isDue(by now: UInt64) -> Bool {
    guard let next = times.first, next <= now else { return false }
    times.removeFirst()
    return true
  }
}

extension KernelTraceEvent {
  /// A worker drains only when it shortens lists.
  fileprivate var isWorkersDrain: Bool {
    guard thread == .worker, case .drain = kind else { return false }
    return true
  }
}

extension PhysicalCheck {
  /// Does what the workers did since the last event.
  ///
  /// Lists that they would have drained they did not find so: the trace would tell.
  func decay(until now: UInt64) {
    guard let machine, decays.isDue(by: now) else { return }
    settle()
    let pages = machine.pages
    for processor in 0..<pages.pointee.options.processors {
      for zone in pages.pointee.zones
      where zone.pointee.managedPages > .zero && !hasSurplus(zone, processor) {
        zone.pointee.decayPerCPULists(of: processor)
      }
    }
    segment.decays += 1
  }

  private func hasSurplus(_ zone: Ref<Zone>, _ processor: Int) -> Bool {
    let count = zone.pointee.perCPUCount(of: processor)
    let high = zone.pointee.tuning(of: processor).high
    let lowest = Int(zone.pointee.perCPUMarks.highMinimum.rawValue)
    return count > max(high - high / 8, lowest) && count > 0 && high > lowest
  }
}
