internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension PhysicalCheck {
  /// Compares all lists with those of a snapshot, in order; and replays what happened meanwhile.
  func compare(_ snapshot: PhysicalSnapshot, over moment: SnapshotMoments.Moment) {
    guard let machine, !isLost else {
      for place in moment.window { replay(at: place) }
      return segment.to = moment.name
    }
    let lists = SavedLists(snapshot, machine)
    var open = lists.lists.filter { !$0.isEqual(in: machine) }
    var counters = counterCheck(snapshot, machine)
    for place in moment.window {
      replay(at: place)
      counters?.look(machine)
      if events[place].changesLists && !isLost { open.removeAll { $0.isEqual(in: machine) } }
    }
    settle()
    segment.to = moment.name
    segment.isTorn = !moment.isClean
    for list in lists.lists { count(list, isEqual: !open.contains { $0.id == list.id }) }
    if let counters, !isLost { count(counters, moment.name) }
    for list in open {
      let ours = list.frames(in: machine)
      let common = Set(ours).intersection(list.frames).count
      note(
        0, "\(list.name) in snapshot \(moment.name)", recorded: "\(list.frames.count) blocks",
        replayed: "\(ours.count) blocks, \(common) of them the same")
    }
  }

  private func counterCheck(
    _ snapshot: PhysicalSnapshot, _ machine: TracedMachine
  ) -> EventCounterCheck? {
    guard let counted, let totals = EventTotals(snapshot) else { return nil }
    return EventCounterCheck(totals - counted.recorded, from: counted.replayed, machine)
  }

  private func count(_ counters: EventCounterCheck, _ name: String) {
    for result in counters.results {
      segment.eventCounters.add(isEqual: result.isEqual)
      guard !result.isEqual else { continue }
      note(
        0, "\(result.name) until snapshot \(name)", recorded: "\(result.recorded)",
        replayed: "\(result.replayed)")
    }
  }

  private func count(_ list: SavedLists.List, isEqual: Bool) {
    switch list.id {
    case .free:
      segment.freeLists.add(isEqual: isEqual)
      segment.freeBlocks += list.frames.count
    case .kept(_, _, let index):
      let order =
        index < 12 ? index / 3 : (machine?.pages.pointee.options.pageblockOrder.index ?? 0)
      segment.perCPULists.add(isEqual: isEqual)
      segment.perCPUFrames += list.frames.count << order
    }
  }
}

/// The lists of a snapshot, and the empty ones that it does not name.
struct SavedLists {
  enum ID: Hashable {
    case free(zone: Int, order: UInt8, type: UInt8)
    case kept(zone: Int, cpu: Int, list: Int)
  }

  struct List {
    var id: ID
    var name: String
    /// Head first.
    var frames: [UInt64]

    func isEqual(in machine: TracedMachine) -> Bool { frames(in: machine) == frames }

    /// Our list of the same place.
    func frames(in machine: TracedMachine) -> [UInt64] {
      var found: [UInt64] = []
      let zones = machine.pages.pointee.zones
      switch id {
      case .free(let zone, let order, let type):
        guard let type = MigrateType(rawValue: type) else { return [] }
        zones[zone].pointee.forEachFree(of: Order(order), type) {
          found.append(UInt64($0.rawValue))
        }
      case .kept(let zone, let cpu, let list):
        zones[zone].pointee.forEachPerCPU(list: list, processor: cpu) {
          found.append(UInt64($0.rawValue))
        }
      }
      return found
    }
  }

  private(set) var lists: [List] = []

  init(_ snapshot: PhysicalSnapshot, _ machine: TracedMachine) {
    let types = TypeNumbers(snapshot)
    let zones = machine.pages.pointee.zones
    for saved in snapshot.zones {
      guard let zone = machine.zone(saved), let index = zones.firstIndex(where: { $0 == zone })
      else { continue }
      for type in MigrateType.allCases {
        for order in 0...machine.pages.pointee.maximumOrder.rawValue {
          let frames = saved.free.first {
            $0.order == order && types.type($0.type) == type
          }?.frames
          lists.append(
            List(
              id: .free(zone: index, order: order, type: type.rawValue),
              name: "\(saved.name) free list of order \(order), \(type.name)",
              frames: frames ?? []))
        }
      }
      for set in saved.sets {
        for list in 0..<14 {
          lists.append(
            List(
              id: .kept(zone: index, cpu: set.cpu, list: list),
              name: "\(saved.name) per-CPU list \(list) of processor \(set.cpu)",
              frames: set.lists.indices.contains(list) ? set.lists[list] : []))
        }
      }
    }
    lists.removeAll { $0.frames.isEmpty && $0.frames(in: machine).isEmpty }
  }
}
