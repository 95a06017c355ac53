internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The figures of one cache under SLUB; exact while nobody allocates or frees.
struct SlubFacts {
  let design: SlubDesign
  var core: Ref<SlabCore> { design.core }

  /// Writes what the file of `fact` holds, without the end of its line.
  func write(_ fact: SlabFact, to sink: inout some TextSink) {
    switch fact {
    case .constructor: break
    case .perCPUPartialSlabs: writePerCPUPartial(to: &sink)
    case .objects: writeByNode(to: &sink) { objects(of: $0) }
    case .partialObjects: writeByNode(to: &sink) { design.partialFacts(of: $0).objects }
    case .partial: writeByNode(to: &sink) { design.partialFacts(of: $0).slabs }
    case .perCPUSlabs: writeByNode(to: &sink) { design.perCPUSlabs(of: $0) }
    case .slabs: writeByNode(to: &sink) { design.node($0).pointee.slabs.load(ordering: .relaxed) }
    case .totalObjects:
      writeByNode(to: &sink) { design.node($0).pointee.objects.load(ordering: .relaxed) }
    default: sink.write(decimal: UInt64(figure(fact)))
    }
  }

  /// What stays as it is while the cache lives, and how many names it has.
  private func figure(_ fact: SlabFact) -> UInt {
    let geometry = core.pointee.geometry
    return switch fact {
    case .align: geometry.alignment.rawValue
    case .aliases: UInt(core.pointee.shares.load(ordering: .relaxed) - 1)
    case .perCPUPartial: UInt(geometry.perCPUPartial)
    case .minimumPartial: UInt(geometry.minimumPartial)
    case .objectSize: core.pointee.objectSize.load(ordering: .relaxed)
    case .objectsPerSlab: UInt(geometry.objects(in: geometry.order))
    case .order: UInt(geometry.order.rawValue)
    case .slabSize: geometry.slotSize.rawValue
    case .userSize: UInt(core.pointee.userWindow.count)
    // Linux: `s->remote_node_defrag_ratio`, a thousand, as per cent.
    case .remoteDefragmentation: 100
    default: isSet(fact) ? 1 : 0
    }
  }

  private func isSet(_ fact: SlabFact) -> Bool {
    let flag: SlabFlags =
      switch fact {
      case .cacheDMA: .dma
      case .typeSafeByRCU: .typeSafeByRCU
      case .cacheLineAligned: .cacheLineAligned
      case .poison: .poisoned
      case .reclaimable: .reclaimable
      case .redZone: .redZoned
      case .sanityChecks: .checked
      case .storesUser: .tracksUsers
      default: []
      }
    return !core.pointee.flags.isDisjoint(with: flag)
  }

  /// Objects in use: those that processors keep in their own slabs count, as in Linux.
  func objects(of node: Int) -> UInt {
    let all = design.node(node).pointee.objects.load(ordering: .relaxed)
    let free = design.partialFacts(of: node).free
    return all > free ? all - free : 0
  }

  /// The sum, and what each node has of it. Linux: `show_slab_objects()`.
  private func writeByNode(to sink: inout some TextSink, _ figure: (Int) -> UInt) {
    var sum: UInt = 0
    for node in 0..<design.nodeCount { sum &+= figure(node) }
    sink.write(decimal: UInt64(sum))
    for node in 0..<design.nodeCount {
      let part = figure(node)
      guard part > 0 else { continue }
      sink.write(" N")
      sink.write(decimal: UInt64(node))
      sink.write("=")
      sink.write(decimal: UInt64(part))
    }
  }

  /// Objects, guessed from half full slabs, and slabs. Linux: `slabs_cpu_partial_show()`.
  private func writePerCPUPartial(to sink: inout some TextSink) {
    var sum = 0
    for processor in 0..<core.pointee.processorCount {
      sum += design.perCPUPartialCount(of: processor)
    }
    writeHalfFull(sum, to: &sink)
    for processor in 0..<core.pointee.processorCount {
      let slabs = design.perCPUPartialCount(of: processor)
      guard slabs > 0 else { continue }
      sink.write(" C")
      sink.write(decimal: UInt64(processor))
      sink.write("=")
      writeHalfFull(slabs, to: &sink)
    }
  }

  private func writeHalfFull(_ slabs: Int, to sink: inout some TextSink) {
    let geometry = core.pointee.geometry
    sink.write(decimal: UInt64(slabs * geometry.objects(in: geometry.order) / 2))
    sink.write("(")
    sink.write(decimal: UInt64(slabs))
    sink.write(")")
  }
}

extension SlubDesign {
  /// The slabs that a node lists: how many, and their objects in use and free.
  ///
  /// Linux: `count_partial()`.
  fileprivate func partialFacts(of node: Int) -> (slabs: UInt, objects: UInt, free: UInt) {
    self.node(node).pointee.partial.withLock { partial in
      var objects: UInt = 0
      var free: UInt = 0
      partial.forEachElement { slab in
        let counters = slab.slub.counters
        objects &+= counters.inUse
        free &+= counters.objects &- counters.inUse
      }
      return (UInt(partial.count), objects, free)
    }
  }

  fileprivate func perCPUPartialCount(of processor: Int) -> Int {
    let lists = self.processor(processor)
    return lists.pointee.withOthers(source) { lists.value().pointee.partial.count }
  }

  /// The slabs of processors that are a node's: a processor's partial ones count where the first of
  /// them is, and only if it has a slab of its own. Linux: `show_slab_objects()`.
  fileprivate func perCPUSlabs(of node: Int) -> UInt {
    var count: UInt = 0
    for index in 0..<core.pointee.processorCount {
      let lists = processor(index)
      count &+= lists.pointee.withOthers(source) { () -> UInt in
        guard let slab = slab(of: lists) else { return 0 }
        var count: UInt = Int(slab.pointee.node) == node ? 1 : 0
        let partial = lists.value().pointee.partial
        if let first = partial.first, Int(first.pointee.node) == node {
          count &+= UInt(partial.count)
        }
        return count
      }
    }
    return count
  }
}
