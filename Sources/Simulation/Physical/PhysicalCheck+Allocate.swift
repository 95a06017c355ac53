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
    guard request.frame != 0 else {
      report.unsupported["failed requests", default: 0] += 1
      return
    }
    serve(request)
  }

  /// Lets our allocator serve the request and compares all that comes of it.
  func serve(_ request: Request) {
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
    let page = try? machine.pages.pointee.allocatePages(
      order: Order(request.order), flags: request.flags.allocation)
    let frame = page.map { UInt64(machine.pages.pointee.frame(of: $0).rawValue) }
    let grown = zone.pointee.perCPUCount(of: cpu) - before
    compareRefill(grown, request)
    compareFallbacks(machine.told.fallbacks)
    segment.allocations.add(isEqual: frame == request.frame)
    if frame != request.frame { correct(request, instead: page) }
    if request.flags.contains(.movable) {
      Self.setLRU(
        true, machine.pages, PageFrameNumber(UInt(request.frame)), Order(request.order))
    }
  }

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
      replayed: page.map { "\(pages.pointee.frame(of: $0))" } ?? "none")
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
