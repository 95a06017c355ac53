internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension PhysicalCheck {
  /// Does with our allocator what an event says was asked of the kernel's.
  func apply(_ event: KernelTraceEvent, at place: Int) {
    guard let machine else { return }
    if event.thread != .reclaim { setReclaim(false) }
    machine.processor = min(
      Int(event.cpu), machine.pages.pointee.options.processors - 1)
    leaveInterrupt(at: place)
    decay(until: event.time)
    if event.context.contains(.softInterrupt), place >= interrupt.end { enterInterrupt(at: place) }
    if case .drain = event.kind {} else { settle() }
    pending.line = event.line
    switch event.kind {
    case .allocate(let frame, let order, let type, let flags):
      allocate(Request(frame: frame, order: order, type: type, flags: flags), at: place)
    case .free(let frame, let order):
      if !batches.isBatched(place), !mustWait(frame, order, at: place) {
        free(frame, order, at: place)
      }
    case .freeBatched(let frame): free(frame, batches.order(of: place), at: place)
    case .take(let frame, _, _, _): pending.takes.insert(frame)
    case .fallback(let fallback): pending.fallbacks.append(fallback)
    case .drain(let frame, let order, _):
      drain(ToldEvents.Drain(frame: frame, order: order), event)
    case .wakeReclaim: setReclaim(true)
    default: break
    }
  }

  /// A block that the kernel drained is the next that ours drained.
  ///
  /// A worker drains without a free when it shortens lists; any other thread when it empties all.
  private func drain(_ drain: ToldEvents.Drain, _ event: KernelTraceEvent) {
    guard let machine, let zone = machine.zone(of: drain.frame) else { return }
    if machine.told.drains.isEmpty {
      if event.thread == .worker {
        zone.pointee.decayPerCPULists(of: machine.processor)
      } else if !pending.followsFree {
        machine.pages.pointee.drainPerCPULists(of: machine.processor, in: zone)
      }
    }
    let foretold = machine.told.drains.first
    segment.drains.add(isEqual: foretold == drain)
    if foretold != drain {
      note(
        event.line, "drain", recorded: "\(drain)", replayed: foretold.map { "\($0)" } ?? "none")
    }
    if let place = machine.told.drains.firstIndex(of: drain) {
      machine.told.drains.remove(at: place)
    } else {
      machine.giveBack(drain)
    }
  }

  /// Ends what the last event began: all that ours drained stands in the trace.
  func settle() {
    guard let machine, !isLost else { return }
    for drain in machine.told.drains {
      segment.drains.add(isEqual: false)
      note(pending.line, "drain", recorded: "none", replayed: "\(drain)")
    }
    machine.told.drains = []
    pending.followsFree = false
  }

  private func setReclaim(_ isActive: Bool) {
    guard let machine else { return }
    for zone in machine.pages.pointee.zones { zone.pointee.isReclaimed = isActive }
  }
}

extension TracedMachine {
  func zone(of frame: UInt64) -> Ref<Zone>? {
    pages.pointee.managingZone(of: PageFrameNumber(UInt(truncatingIfNeeded: frame)))
  }

  /// Whether a block can stand at a frame: aligned, and all of it in one zone.
  func holds(_ frame: UInt64, _ order: UInt8) -> Bool {
    guard order <= pages.pointee.maximumOrder.rawValue, let zone = zone(of: frame) else {
      return false
    }
    let size = UInt64(1) << UInt64(order)
    return frame & (size - 1) == 0 && UInt64(zone.pointee.range.end.rawValue) - frame >= size
  }

  /// Takes a block off the per-CPU lists that ours would have kept.
  fileprivate func giveBack(_ drain: ToldEvents.Drain) {
    let frame = PageFrameNumber(UInt(drain.frame))
    let order = Order(drain.order)
    guard holds(drain.frame, drain.order), !pages.pointee.isOwned(frame, order),
      let page = pages.pointee.restoreTaken(frame, order)
    else { return }
    pages.pointee.freePagesToZone(page, order: order)
  }
}

extension ToldEvents.Drain: CustomStringConvertible {
  var description: String { "0x\(String(frame, radix: 16)) order \(order)" }
}
