internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension PhysicalCheck {
  /// Keeps what the next snapshot will not show.
  func carry() {
    guard let machine, !isLost else { return }
    forEachSet(machine) { place, zone in
      carried[place] = CarriedState(
        tuning: zone.pointee.tuning(of: place.cpu), isBelowHigh: zone.pointee.isBelowHigh)
    }
  }

  /// Follows what events tell of the tuning while the lists are not known: it hardly depends on
  /// them.
  func follow(_ event: KernelTraceEvent, at place: Int) {
    switch event.kind {
    case .take: pending.takes.insert(0)
    case .allocate(let frame, let order, _, _):
      tune(frame, order, event.cpu) { tuning, _ in
        tuning.freeCount >>= 1
        if !pending.takes.isEmpty, order == 0 {
          tuning.allocationFactor = min(tuning.allocationFactor + 1, 5)
        }
      }
      pending.takes = []
    case .free(let frame, let order):
      if !batches.isBatched(place) { followFree(frame, order, event.cpu) }
    case .freeBatched(let frame): followFree(frame, batches.order(of: place), event.cpu)
    default: break
    }
  }

  private func followFree(_ frame: UInt64, _ order: UInt8, _ cpu: UInt16) {
    tune(frame, order, cpu) { tuning, batch in
      tuning.allocationFactor >>= 1
      tuning.lastFreeWasLarge = order > 0 && order <= 3
      if tuning.freeCount < batch << 5 { tuning.freeCount += 1 << Int(order) }
    }
  }

  /// Changes what is carried of the lists that a block of the order passes through.
  private func tune(
    _ frame: UInt64, _ order: UInt8, _ cpu: UInt16, _ body: (inout PerCPUState, Int) -> Void
  ) {
    guard let machine, let zone = machine.zone(of: frame),
      order <= 3 || Int(order) == machine.pages.pointee.options.pageblockOrder.index,
      let index = machine.pages.pointee.zones.firstIndex(where: { $0 == zone })
    else { return }
    let place = CarriedState.Place(zone: index, cpu: Int(cpu))
    guard var state = carried[place] else { return }
    body(&state.tuning, Int(zone.pointee.perCPUMarks.batch.rawValue))
    carried[place] = state
  }

  func adoptCarried(isSure: Bool) {
    guard let machine else { return }
    forEachSet(machine) { place, zone in
      guard var state = carried[place] else { return }
      // The high mark is in the snapshot.
      state.tuning.high = zone.pointee.tuning(of: place.cpu).high
      zone.pointee.restoreTuning(of: place.cpu, state.tuning)
      // Set by requests that find too little and cleared by frees that find enough: after a gap, the
      // state that the free count would lead to.
      zone.pointee.isBelowHigh =
        isSure ? state.isBelowHigh : zone.pointee.freePages <= zone.pointee.watermarks.high
    }
  }

  /// A snapshot does not show who has a frame: those of movable pageblocks count as movable.
  func markMovable() {
    guard let machine else { return }
    let pages = machine.pages
    for zone in pages.pointee.zones where zone.pointee.managedPages > .zero {
      var frame = zone.pointee.range.start
      while frame < zone.pointee.range.end {
        let page = pages.pointee.page(of: frame)
        let type = pages.pointee.pageblocks[frame]
        page.pointee.isOnLRU = type == .movable || type == .cma
        frame = frame + PageCount(1)
      }
      clearFree(zone)
    }
  }

  /// Free frames are on no LRU list.
  private func clearFree(_ zone: Ref<Zone>) {
    guard let machine else { return }
    let pages = machine.pages
    func clear(_ frame: PageFrameNumber, _ order: Order) {
      Self.setLRU(false, pages, frame, order)
    }
    for type in MigrateType.allCases {
      for order in 0...pages.pointee.maximumOrder.rawValue {
        zone.pointee.forEachFree(of: Order(order), type) { clear($0, Order(order)) }
      }
    }
    for cpu in 0..<pages.pointee.options.processors {
      for list in 0..<14 {
        let order = list < 12 ? Order(UInt8(list / 3)) : pages.pointee.options.pageblockOrder
        zone.pointee.forEachPerCPU(list: list, processor: cpu) { clear($0, order) }
      }
    }
  }

  static func setLRU(
    _ isOnLRU: Bool, _ pages: Ref<PageAllocator>, _ frame: PageFrameNumber, _ order: Order
  ) {
    for offset in 0..<order.pageCount.rawValue {
      pages.pointee.page(of: frame + PageCount(offset)).pointee.isOnLRU = isOnLRU
    }
  }

  private func forEachSet(
    _ machine: TracedMachine, _ body: (CarriedState.Place, Ref<Zone>) -> Void
  ) {
    let zones = machine.pages.pointee.zones
    for index in zones.indices where zones[index].pointee.managedPages > .zero {
      for cpu in 0..<machine.pages.pointee.options.processors {
        body(CarriedState.Place(zone: index, cpu: cpu), zones[index])
      }
    }
  }
}
