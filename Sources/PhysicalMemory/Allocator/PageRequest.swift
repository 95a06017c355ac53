internal import MemoryTypes

/// What a caller wants, worked out. Linux: `struct alloc_context`, `prepare_alloc_pages()`.
struct PageRequest {
  let order: Order
  let flags: AllocationFlags
  /// Whose free lists serve it.
  let type: MigrateType
  /// The highest zone that it may use.
  let highest: Zone.Kind
  /// The node whose zonelist is followed.
  let node: Int
  /// The nodes that may serve, as bits.
  let allowed: UInt64
}

extension PageAllocator {
  @inline(__always)
  func request(
    _ order: Order, _ flags: AllocationFlags, _ policy: NodePolicy
  ) -> PageRequest {
    let node = policy.preferred.map(Int.init) ?? processorNodes[processors.index]
    let near: UInt64 = flags.contains(.thisNode) ? 1 &<< UInt64(node) : .max
    return PageRequest(
      order: order, flags: flags, type: migrateType(flags),
      highest: highestZones[Int(flags.rawValue & 15)], node: node,
      allowed: policy.allowed & near)
  }

  /// Linux: `gfp_migratetype()`.
  @inline(__always)
  private func migrateType(_ flags: AllocationFlags) -> MigrateType {
    guard groupsByMobility else { return .unmovable }
    if flags.contains(.movable) { return .movable }
    return flags.contains(.reclaimable) ? .reclaimable : .unmovable
  }

  /// The first pass: well above the watermarks or not at all.
  @inline(__always)
  func fastAttempt(_ request: PageRequest) -> AttemptFlags {
    var attempt: AttemptFlags = .low
    if request.flags.contains(.wakesReclaim) { attempt.insert(.wakesReclaim) }
    if request.type == .movable { attempt.insert(.cma) }
    if keepsPageblocksPure(request) { attempt.insert(.noFragment) }
    return attempt
  }

  /// Whether to look in a lower zone before types are mixed in the Normal one.
  ///
  /// Only a kernel with a DMA32 zone below it does. Linux: `alloc_flags_nofragment()`.
  @inline(__always)
  private func keepsPageblocksPure(_ request: PageRequest) -> Bool {
    guard options.layout.kinds.contains(.dma32), zonelists.count(of: request.node) > 0 else {
      return false
    }
    return isFirstZoneNormal(request)
  }

  @inline(never)
  private func isFirstZoneNormal(_ request: PageRequest) -> Bool {
    for position in 0..<zonelists.count(of: request.node) {
      let place = zonelists.zone(position, of: request.node)
      let zone = zones[place]
      guard zone.pointee.kind <= request.highest,
        request.allowed >> UInt64(zone.pointee.node) & 1 != 0
      else { continue }
      guard zone.pointee.kind == .normal else { return false }
      return nodes.count == 1 || zones[place - 1].pointee.managedPages > .zero
    }
    return false
  }
}

extension ZoneKinds {
  /// The highest zone that the low four allocation flags allow.
  ///
  /// A zone that this kernel lacks stands for Normal; what may move and be in high memory may also
  /// be in the movable zone. Linux: `gfp_zone()`.
  var highestZones: InlineArray<16, Zone.Kind> {
    InlineArray { raw in
      let flags = AllocationFlags(rawValue: UInt32(raw))
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
}
