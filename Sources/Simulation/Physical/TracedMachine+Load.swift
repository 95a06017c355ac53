internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension TracedMachine {
  /// Sets the state that a snapshot shows.
  ///
  /// - Throws: `BadInput` for lists that no allocator can have.
  func load(_ snapshot: PhysicalSnapshot, file: String) throws(BadInput) {
    let types = TypeNumbers(snapshot)
    for saved in snapshot.zones where zone(saved) != nil {
      setTypes(saved, types)
      do {
        try restoreLists(saved, types)
      } catch {
        throw BadInput(
          file: file, line: 0,
          expected: "free blocks of zone \(saved.name) that can stand side by side",
          found: "others, in snapshot \(snapshot.name)")
      }
    }
    restoreMarks(snapshot)
    restoreLags(snapshot)
    told = ToldEvents()
  }

  /// The zone of ours that stands for one of the log; nil for one without frames.
  func zone(_ saved: ZoneSnapshot) -> Ref<Zone>? {
    guard saved.managed > 0, let kind = saved.kind, saved.node < pages.pointee.nodes.count else {
      return nil
    }
    return pages.pointee.zones.zone(kind, node: saved.node)
  }

  /// Sets watermarks, reserves and the marks of per-CPU lists.
  func restoreMarks(_ snapshot: PhysicalSnapshot) {
    func count(_ value: UInt64) -> PageCount { PageCount(UInt(value)) }
    let zones = pages.pointee.zones
    pages.pointee.restoreManaged { index in
      count(snapshot.zones.first { zone($0) == zones[index] }?.managed ?? 0)
    }
    for saved in snapshot.zones {
      guard let zone = zone(saved), let set = saved.sets.first else { continue }
      pages.pointee.restoreMarks(
        of: zone,
        Watermarks(
          min: count(saved.marks[0]), low: count(saved.marks[1]), high: count(saved.marks[2]),
          promo: count(saved.marks.last ?? 0)),
        boost: count(saved.boost), reserve(of: saved, in: snapshot),
        PerCPUMarks(
          batch: count(set.batch), highMinimum: count(set.highMinimum),
          highMaximum: count(set.highMaximum)))
      for set in saved.sets {
        zone.pointee.restoreTuning(of: set.cpu, PerCPUState(high: Int(clamping: set.high)))
      }
    }
  }

  private func reserve(
    of saved: ZoneSnapshot, in snapshot: PhysicalSnapshot
  ) -> LowMemoryReserve {
    var kept = InlineArray<5, PageCount>(repeating: .zero)
    for zone in snapshot.zones where zone.node == saved.node {
      guard let kind = zone.kind, saved.lowmemReserve.indices.contains(zone.index) else { continue }
      kept[Int(kind.rawValue)] = PageCount(UInt(saved.lowmemReserve[zone.index]))
    }
    return LowMemoryReserve(pages: kept)
  }

  private func setTypes(_ saved: ZoneSnapshot, _ types: TypeNumbers) {
    let size = pages.pointee.options.pageblockOrder.pageCount
    for run in saved.pageblocks {
      let first = UInt(run.start) & ~(size.rawValue - 1)
      for block in 0..<min(UInt(run.count), UInt(saved.spanned) / size.rawValue + 2) {
        let frame = PageFrameNumber(max(first + block * size.rawValue, UInt(saved.start)))
        guard UInt64(frame.rawValue) < saved.start + saved.spanned else { break }
        pages.pointee.restoreType(types.type(run.type), of: frame)
      }
    }
  }

  private func restoreLists(
    _ saved: ZoneSnapshot, _ types: TypeNumbers
  ) throws(RestoreError) {
    for list in saved.free {
      for frame in list.frames {
        try pages.pointee.restoreFree(
          PageFrameNumber(UInt(frame)), Order(UInt8(list.order)))
      }
    }
    for set in saved.sets {
      for (index, frames) in set.lists.enumerated() {
        for frame in frames {
          try pages.pointee.restorePerCPU(
            PageFrameNumber(UInt(frame)), list: index, processor: set.cpu)
        }
      }
    }
  }

  /// The free counters of `/proc/vmstat` are what decisions see; the lists say what is true. What is
  /// between them one processor keeps to itself: the first, in the largest zone, where most happens.
  private func restoreLags(_ snapshot: PhysicalSnapshot) {
    guard let largest = snapshot.zones.max(by: { $0.managed < $1.managed }),
      let zone = zone(largest)
    else { return }
    var free = 0
    var freeCMA = 0
    for each in pages.pointee.zones {
      free += Int(each.pointee.freePages.rawValue)
      freeCMA += Int(each.pointee.freeCMAPages.rawValue)
    }
    let seen = snapshot.vmstat["nr_free_pages"].map { free - Int(clamping: $0) } ?? 0
    let seenCMA = snapshot.vmstat["nr_free_cma"].map { freeCMA - Int(clamping: $0) } ?? 0
    // More than a counter may lag is another moment's count.
    guard abs(seen) <= 125, abs(seenCMA) <= 125 else { return }
    zone.pointee.restoreLag(of: 0, free: seen, freeCMA: seenCMA)
  }
}

/// The migrate types as the numbers of a kernel, which depend on how it was built.
struct TypeNumbers {
  private let fourIsCMA: Bool

  init(_ snapshot: PhysicalSnapshot) {
    fourIsCMA = snapshot.zones.contains { $0.contiguous > 0 }
  }

  func type(_ number: Int) -> MigrateType {
    switch number {
    case 0: .unmovable
    case 1: .movable
    case 2: .reclaimable
    case 3: .highAtomic
    case 4: fourIsCMA ? .cma : .isolated
    default: .isolated
    }
  }

  func number(_ type: MigrateType) -> Int {
    type == .isolated && !fourIsCMA ? 4 : Int(type.rawValue)
  }
}
