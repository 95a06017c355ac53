internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

// A soft interrupt comes in the middle of something, and the trace does not tell in the middle of
// what: the event of the interrupted thread stands before or behind those of the interrupt. Where
// more than one order is possible, what later becomes of the frames shows which it was; the report
// counts how often that was needed.
extension PhysicalCheck {
  /// Looks at what a soft interrupt interrupted.
  ///
  /// A thread that frees a batch has its processor's lists locked from the first page of the batch to
  /// the last, and one that fills or drains a list until it is done: what an interrupt frees then
  /// goes past the lists.
  func enterInterrupt(at start: Int) {
    let burst = burst(from: start)
    let last = start > 0 ? events[start - 1].kind : .sleepReclaim
    let next = burst.upperBound < events.count ? events[burst.upperBound].kind : .sleepReclaim
    interrupt.end = burst.upperBound
    interrupt.served = nil
    switch (last, next) {
    case (.take, _), (.drain, _), (.freeBatched, .freeBatched): interrupt.isLocked = true
    default:
      interrupt.isLocked = wentPastLists(burst)
      if interrupt.isLocked { segment.resolved += 1 }
    }
    if case .allocate(let frame, let order, let type, let flags) = next, !interrupt.isLocked {
      serveEarly(
        Request(frame: frame, order: order, type: type, flags: flags), at: burst.upperBound,
        interruptedBy: burst)
    }
  }

  /// Does what the interrupted thread had begun.
  func leaveInterrupt(at place: Int) {
    guard let waiting = interrupt.waiting, place >= waiting.until else { return }
    interrupt.waiting = nil
    free(waiting.frame, waiting.order, at: place)
  }

  /// Whether the free at a place was interrupted before its frame reached a list.
  func mustWait(_ frame: UInt64, _ order: UInt8, at place: Int) -> Bool {
    guard !events[place].context.contains(.softInterrupt), place + 1 < events.count,
      events[place + 1].context.contains(.softInterrupt), let list = list(of: frame, order)
    else { return false }
    let burst = burst(from: place + 1)
    let others = frames(of: burst) { self.list(of: $0, $1) == list }
    guard !others.isEmpty, wasLater(frame, than: others, from: burst.upperBound) else {
      return false
    }
    segment.resolved += 1
    interrupt.waiting = (frame, order, burst.upperBound)
    return true
  }

  /// Whether a frame was put on its list after the others: lists are emptied from the tail and
  /// served from the head.
  private func wasLater(_ frame: UInt64, than others: Set<UInt64>, from start: Int) -> Bool {
    for event in events[start...] {
      switch event.kind {
      case .drain(let drained, _, _):
        if drained == frame { return false }
        if others.contains(drained) { return true }
      case .allocate(let taken, _, _, _):
        if taken == frame { return true }
        if others.contains(taken) { return false }
      default: if event.movesUnnamed { return false }
      }
    }
    return false
  }

  /// Whether a frame of the burst is next seen leaving the free lists: on a per-CPU list it would have
  /// been drained or handed out first; or whether its list is filled before, which only an empty one
  /// is.
  private func wentPastLists(_ burst: Range<Int>) -> Bool {
    let frames = frames(of: burst) { $1 <= 3 }
    guard !frames.isEmpty else { return false }
    let lists = lists(of: burst)
    for event in events[burst.upperBound...] {
      switch event.kind {
      case .take(let frame, let order, let type, let isRefill):
        if frames.contains(frame) { return true }
        if isRefill, lists.contains(Int(order) * 3 + Int(type)) { return true }
      case .drain(let frame, _, _), .allocate(let frame, _, _, _):
        if frames.contains(frame) { return false }
      default: if event.movesUnnamed { return false }
      }
    }
    return false
  }

  private func burst(from start: Int) -> Range<Int> {
    var end = start
    while end < events.count, events[end].context.contains(.softInterrupt) { end += 1 }
    return start..<end
  }

  /// The per-CPU lists that the frames of the burst would go to.
  private func lists(of burst: Range<Int>) -> Set<Int> {
    var lists: Set<Int> = []
    for place in burst {
      guard case .free(let frame, let order) = events[place].kind, order <= 3 else { continue }
      if let list = list(of: frame, order) { lists.insert(list) }
    }
    return lists
  }

  /// What the events free, without the pages of batches.
  private func frames(
    of burst: Range<Int>, where isWanted: (UInt64, UInt8) -> Bool
  ) -> Set<UInt64> {
    var frames: Set<UInt64> = []
    for place in burst {
      guard case .free(let frame, let order) = events[place].kind, isWanted(frame, order) else {
        continue
      }
      frames.insert(frame)
    }
    return frames
  }

  /// A request may have had its frame, and be clearing it, when the interrupt came: its event stands
  /// behind. Both orders are possible; the one that gives the recorded frame is taken.
  private func serveEarly(_ request: Request, at place: Int, interruptedBy burst: Range<Int>) {
    guard let machine, let zone = machine.zone(of: request.frame), request.order <= 3,
      let list = list(of: request.frame, request.order)
    else { return }
    let isTouched = burst.contains { place in
      guard case .free(let frame, let order) = events[place].kind else { return false }
      return order == request.order && self.list(of: frame, order) == list
    }
    var head: PageFrameNumber?
    zone.pointee.forEachPerCPU(list: list, processor: machine.processor) { head = head ?? $0 }
    guard isTouched, let head, UInt64(head.rawValue) == request.frame else { return }
    segment.resolved += 1
    interrupt.served = place
    serve(request, at: place)
  }

  /// The number of the per-CPU list that a frame goes to.
  func list(of frame: UInt64, _ order: UInt8) -> Int? {
    guard let machine, machine.zone(of: frame) != nil else { return nil }
    let type = machine.pages.pointee.pageblocks[PageFrameNumber(UInt(frame))]
    return Int(order) * 3 + Int(type.isOrdinary ? type.rawValue : MigrateType.movable.rawValue)
  }
}
