internal import MemoryTypes
internal import PhysicalMemory

extension PhysicalCheck {
  /// Keeps what the next snapshot will not show.
  func carry() {
    guard let machine else { return }
    forEachSet(machine) { place, zone in
      carried[place] = CarriedState(
        tuning: zone.pointee.tuning(of: place.cpu), isBelowHigh: zone.pointee.isBelowHigh)
    }
  }

  func adoptCarried() {
    guard let machine else { return }
    forEachSet(machine) { place, zone in
      guard var state = carried[place] else { return }
      // The high mark is in the snapshot.
      state.tuning.high = zone.pointee.tuning(of: place.cpu).high
      zone.pointee.restoreTuning(of: place.cpu, state.tuning)
      zone.pointee.isBelowHigh = state.isBelowHigh
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
