internal import Recordings

/// Where in a trace the snapshots were read: between the marks `NAME_begin` and `NAME_end`.
struct SnapshotMoments {
  struct Moment {
    var name: String
    /// Events while it was read, by their places in the trace.
    var window: Range<Int>
    /// None of them changed the lists.
    var isClean: Bool
  }

  /// In the order of the trace.
  private(set) var moments: [Moment] = []

  init(_ events: [KernelTraceEvent], names: [String]) {
    var begun: [Substring: Int] = [:]
    for (place, event) in events.enumerated() {
      guard case .mark(let index) = event.kind, names.indices.contains(Int(index)) else { continue }
      let name = names[Int(index)]
      if name.hasSuffix("_begin") {
        begun[name.dropLast(6)] = place
      } else if name.hasSuffix("_end"), let start = begun[name.dropLast(4)] {
        let window = start + 1..<place
        moments.append(
          Moment(
            name: String(name.dropLast(4)), window: window,
            isClean: !events[window].contains { $0.changesLists }))
      }
    }
  }
}

extension KernelTraceEvent {
  /// Whether frames go from one list or owner to another.
  var changesLists: Bool {
    switch kind {
    case .allocate, .free, .freeBatched, .take, .drain, .fallback: true
    default: false
    }
  }

  /// Whether frames are moved or isolated without being named.
  var movesUnnamed: Bool {
    guard case .movement(let movement) = kind else { return false }
    return movement != .beginCompaction && movement != .endCompaction
  }
}
