internal import MemoryTypes

/// What follows from the flags of a request alone, worked out at boot.
struct AllocationWay {
  /// The first zone that is asked; nil when no zone of the list may serve.
  var zone: Ref<Zone>?
  /// The highest zone that may serve. Linux: `gfp_zone()`.
  var highest: Zone.Kind
  /// Whose free lists serve. Linux: `gfp_migratetype()`.
  var type: MigrateType
  /// What the first pass may do, but for waking reclaim.
  var base: AttemptFlags
  /// Above it the free count of the zone answers without a closer look: the high mark and what is
  /// kept back.
  var limit = PageCount.zero

  /// What the first pass of a request may do. Linux: `prepare_alloc_pages()`.
  @inline(__always)
  func attempt(_ flags: AllocationFlags) -> AttemptFlags {
    flags.contains(.wakesReclaim) ? base.union(.wakesReclaim) : base
  }
}

/// The ways of each processor, by the five lowest allocation flags: the zone and the type.
@safe
struct AllocationWays: @unchecked Sendable {
  private let base: UnsafeMutablePointer<AllocationWay>
  private let processorCount: Int

  static func count(processors: Int) -> Int { processors * 32 }

  @unsafe
  init(_ base: UnsafeMutableRawPointer, processors: Int) {
    let count = Self.count(processors: processors)
    unsafe self.base = base.bindMemory(to: AllocationWay.self, capacity: count)
    processorCount = processors
    let empty = AllocationWay(zone: nil, highest: .normal, type: .unmovable, base: [])
    unsafe self.base.initialize(repeating: empty, count: count)
  }

  @inline(__always)
  subscript(processor: Int, flags: AllocationFlags) -> Ref<AllocationWay> {
    precondition(
      UInt(bitPattern: processor) < UInt(bitPattern: processorCount), "no such processor")
    return unsafe Ref(base + (processor &* 32 &+ Int(flags.rawValue & 31)))
  }
}

extension PageAllocator {
  /// Works out the ways from the zonelists and the marks.
  func buildWays() {
    for processor in 0..<options.processors {
      for raw in UInt32(0)..<32 {
        let flags = AllocationFlags(rawValue: raw)
        ways[processor, flags].pointee = way(flags, from: processorNodes[processor])
      }
    }
  }

  func way(
    _ flags: AllocationFlags, from node: Int, allowed: UInt64 = .max
  ) -> AllocationWay {
    let highest = options.layout.kinds.highestZone(flags)
    let type = migrateType(flags)
    var base: AttemptFlags = .low
    if type == .movable { base.insert(.cma) }
    var zone: Ref<Zone>?
    for position in 0..<zonelists.count(of: node) where zone == nil {
      let place = zonelists.zone(position, of: node)
      guard zones[place].pointee.kind <= highest,
        allowed >> UInt64(zones[place].pointee.node) & 1 != 0
      else { continue }
      zone = zones[place]
      if keepsPageblocksPure(place) { base.insert(.noFragment) }
    }
    var way = AllocationWay(zone: zone, highest: highest, type: type, base: base)
    if let zone {
      way.limit = PageCount(
        zone.pointee.watermarks.high.rawValue &+ zone.pointee.reserve[highest].rawValue)
    }
    return way
  }

  /// Linux: `gfp_migratetype()`.
  private func migrateType(_ flags: AllocationFlags) -> MigrateType {
    guard groupsByMobility else { return .unmovable }
    if flags.contains(.movable) { return .movable }
    return flags.contains(.reclaimable) ? .reclaimable : .unmovable
  }

  /// Whether to look in a lower zone before types are mixed in the first one: when that is Normal,
  /// in a kernel with a DMA32 zone below it. Linux: `alloc_flags_nofragment()`.
  private func keepsPageblocksPure(_ place: Int) -> Bool {
    guard options.layout.kinds.contains(.dma32), zones[place].pointee.kind == .normal else {
      return false
    }
    return nodes.count == 1 || zones[place - 1].pointee.managedPages > .zero
  }
}

extension ZoneKinds {
  /// The highest zone that the flags allow.
  ///
  /// A zone that this kernel lacks stands for Normal; what may move and be in high memory may also
  /// be in the movable zone. Linux: `gfp_zone()`.
  func highestZone(_ flags: AllocationFlags) -> Zone.Kind {
    let kind: Zone.Kind =
      if flags.contains(.dma) {
        .dma
      } else if flags.contains(.dma32) {
        .dma32
      } else if flags.contains([.highMemory, .movable]) {
        .movable
      } else if flags.contains(.highMemory) {
        .highMemory
      } else {
        .normal
      }
    return contains(kind) ? kind : .normal
  }
}
