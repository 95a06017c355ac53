internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension PhysicalCheck {
  /// A request of the trace, with the frame that the kernel gave.
  struct Request {
    var frame: UInt64
    var order: UInt8
    var type: UInt8
    var flags: GFPFlags
  }

  func allocate(_ request: Request, at place: Int) {
    defer {
      pending.takes = []
      pending.fallbacks = []
    }
    if interrupt.served == place {
      interrupt.served = nil
      return
    }
    guard request.frame != 0 else { return refuse(request, at: place) }
    serve(request, at: place)
  }

  /// A request that found nothing finds nothing here either; that it was made leaves its mark.
  private func refuse(_ request: Request, at place: Int) {
    report.unsupported["failed requests", default: 0] += 1
    guard let machine, request.order <= machine.pages.pointee.maximumOrder.rawValue,
      let page = ask(request, at: place)
    else { return }
    note(
      pending.line, "request of order \(request.order)", recorded: "none",
      replayed: text(of: page))
    machine.pages.pointee.freePages(page, order: Order(request.order))
    machine.told = ToldEvents()
  }

  /// What our allocator gives for a request.
  private func ask(_ request: Request, at place: Int) -> Ref<Page>? {
    guard let machine else { return nil }
    let pages = machine.pages
    var page: Ref<Page>?
    func ask() {
      page = try? pages.pointee.allocatePages(
        order: Order(request.order), flags: request.flags.allocation)
    }
    if place < interrupt.end, interrupt.isLocked, let zone = machine.zone(of: request.frame) {
      zone.pointee.whileListsAreBusy(of: machine.processor) { ask() }
    } else {
      ask()
    }
    return page
  }

  /// Lets our allocator serve the request and compares all that comes of it.
  func serve(_ request: Request, at place: Int) {
    guard let machine, let zone = machine.zone(of: request.frame),
      machine.holds(request.frame, request.order)
    else {
      report.unsupported["blocks of no zone", default: 0] += 1
      return
    }
    let cpu = machine.processor
    if request.order == 0 { calibrate(zone, cpu) }
    let before = zone.pointee.perCPUCount(of: cpu)
    machine.told.fallbacks = []
    var page = ask(request, at: place)
    var unseen = 0
    while let other = page, frame(of: other) != request.frame, unseen < 1 << 12,
      wasRequestedUnseen(frame(of: other), before: place)
    {
      unseen += 1
      page = ask(request, at: place)
    }
    if unseen > 0 { report.unsupported["requests unseen", default: 0] += unseen }
    let frame = page.map(frame)
    let grown = zone.pointee.perCPUCount(of: cpu) - before + unseen << Int(request.order)
    compareRefill(grown, request)
    compareFallbacks(machine.told.fallbacks)
    segment.allocations.add(isEqual: frame == request.frame)
    if frame != request.frame { correct(request, instead: page) }
    if request.flags.contains(.movable) {
      Self.setLRU(
        true, machine.pages, PageFrameNumber(UInt(request.frame)), Order(request.order))
    }
  }

  /// Whether the next thing that the trace tells of a frame is that it is freed, or that the next
  /// snapshot has it on no list: somebody must have it, by a request for many frames at once, which
  /// leaves no event.
  private func wasRequestedUnseen(_ frame: UInt64, before place: Int) -> Bool {
    let moment = moments.first { $0.window.lowerBound > place }
    for event in events[(place + 1)..<(moment?.window.lowerBound ?? events.count)] {
      switch event.kind {
      case .free(let freed, _): if freed == frame { return true }
      case .allocate(let other, _, _, _), .take(let other, _, _, _), .drain(let other, _, _):
        if other == frame { return false }
      default: if event.movesUnnamed { return false }
      }
    }
    guard let moment, let snapshot = snapshots[moment.name] else { return false }
    return !snapshot.lists(frame)
  }

  private func frame(of page: Ref<Page>) -> UInt64 {
    machine.map { UInt64($0.pages.pointee.frame(of: page).rawValue) } ?? 0
  }

  private func text(of page: Ref<Page>) -> String { "0x" + String(frame(of: page), radix: 16) }

  /// How often the batch was doubled before the first snapshot shows in the first filling.
  private func calibrate(_ zone: Ref<Zone>, _ cpu: Int) {
    guard !pending.takes.isEmpty, let machine,
      let index = machine.pages.pointee.zones.firstIndex(where: { $0 == zone })
    else { return }
    let place = CarriedState.Place(zone: index, cpu: cpu)
    guard calibrated.insert(place).inserted else { return }
    let count = taken
    for factor in (0...5).reversed()
    where zone.pointee.refillCount(.zero, factor: UInt8(factor), on: cpu) == count {
      var tuning = zone.pointee.tuning(of: cpu)
      tuning.allocationFactor = UInt8(factor)
      return zone.pointee.restoreTuning(of: cpu, tuning)
    }
  }

  /// Blocks that left the free lists for the request: the kernel does not name those that it took
  /// with their whole pageblock among the others.
  private var taken: Int { pending.takes.union(pending.fallbacks.map(\.frame)).count }

  private func compareRefill(_ grown: Int, _ request: Request) {
    // More than the block itself: a list was filled.
    let size = 1 << Int(request.order)
    let foretold = grown >= 0 ? grown / size + 1 : 0
    guard foretold > 1 || taken > 1 else { return }
    segment.refills.add(isEqual: foretold == taken)
    if foretold != taken {
      note(
        pending.line, "filling of a per-CPU list", recorded: "\(taken) blocks",
        replayed: "\(foretold) blocks")
    }
  }

  private func compareFallbacks(_ told: [TracedFallback]) {
    let recorded = pending.fallbacks
    for place in 0..<max(told.count, recorded.count) {
      let ours = told.indices.contains(place) ? told[place] : nil
      let theirs = recorded.indices.contains(place) ? recorded[place] : nil
      segment.fallbacks.add(isEqual: ours == theirs)
      if ours != theirs {
        note(
          pending.line, "fallback", recorded: Self.text(theirs), replayed: Self.text(ours))
      }
    }
  }

  /// Goes on with the frame that the kernel gave, and gives ours back.
  private func correct(_ request: Request, instead page: Ref<Page>?) {
    guard let machine else { return }
    let pages = machine.pages
    note(
      pending.line, "request of order \(request.order)",
      recorded: "0x\(String(request.frame, radix: 16))",
      replayed: page.map(text) ?? "none")
    let order = Order(request.order)
    if let page { pages.pointee.freePages(page, order: order) }
    take(request.frame, order)
    machine.told = ToldEvents()
  }

  /// Makes a frame somebody's, wherever it stands.
  func take(_ frame: UInt64, _ order: Order) {
    machine?.pages.pointee.restoreOwned(PageFrameNumber(UInt(frame)), order)
  }

  private static func text(_ fallback: TracedFallback?) -> String {
    guard let fallback else { return "none" }
    return """
      0x\(String(fallback.frame, radix: 16)) of order \(fallback.order) from order \
      \(fallback.fallbackOrder), type \(fallback.fallbackType)
      """
  }
}
