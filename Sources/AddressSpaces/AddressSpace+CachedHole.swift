internal import MemoryTypes

/// Where the search of the old allocator goes on, and the largest hole it has passed on the way.
///
/// Kernels before 3.8 knew no gaps in their tree: a search walked from VMA to VMA. It began where the
/// last one had ended, and went back to the start only for what fits the largest hole it had passed.
/// So a hole in front can stay unused for long, and the answer depends on the history.
/// Linux: `free_area_cache`, `cached_hole_size` of `mm_struct`.
struct CachedHole: Hashable, Sendable {
  /// Nil before the first search: the base.
  var position: VirtualAddress?
  var size = ByteCount.zero
}

extension AddressSpace {
  /// Linux: `arch_get_unmapped_area_topdown()` of 2.6 to 3.7.
  mutating func highestBesideHole(_ request: PlacementRequest) throws(MapError) -> VirtualAddress {
    let length = request.length
    if length <= hole.size {
      hole.size = .zero
      hole.position = layout.mmapBase
    }
    let position = hole.position ?? layout.mmapBase
    if position.rawValue > length.rawValue {
      let range = VirtualRange(position - length, position)
      if isFree(range) { return remember(range.start) }
    }
    var top = layout.mmapBase
    while top.rawValue > length.rawValue {
      let start = top - length
      guard let vma = vmas.vma(atOrAfter: start) else { return remember(start) }
      let floor = vma.pointee.startWithGuard(layout.stackGuardGap)
      if top <= floor { return remember(start) }
      noteHole(VirtualRange(vma.pointee.end, top))
      top = floor
    }
    return try fallBack(request)
  }

  /// From the bottom once; the next search is top-down again.
  private mutating func fallBack(_ request: PlacementRequest) throws(MapError) -> VirtualAddress {
    hole = CachedHole(position: layout.legacyBase, size: ByteCount(.max))
    defer { hole = CachedHole(position: layout.mmapBase, size: ByteCount(.max)) }
    return try lowestBesideHole(request, VirtualRange(layout.legacyBase, layout.window))
  }

  /// Linux: `arch_get_unmapped_area()` of 2.6 to 3.7.
  mutating func lowestBesideHole(
    _ request: PlacementRequest, _ limits: VirtualRange
  ) throws(MapError) -> VirtualAddress {
    let length = request.length
    if length <= hole.size { hole = CachedHole(position: limits.start) }
    var start = max(hole.position ?? limits.start, limits.start)
    var isWholeSearch = start == limits.start
    while true {
      if start.rawValue > limits.end.rawValue - length.rawValue {
        guard !isWholeSearch else { throw .outOfMemory }
        // Holes in front may have been missed.
        start = limits.start
        hole.size = .zero
        isWholeSearch = true
        continue
      }
      guard let vma = vmas.vma(atOrAfter: start) else { return rememberEnd(start, length) }
      let floor = vma.pointee.startWithGuard(layout.stackGuardGap)
      if start + length <= floor { return rememberEnd(start, length) }
      if floor > start { noteHole(VirtualRange(start, floor)) }
      start = max(vma.pointee.end, start)
    }
  }

  /// A range was unmapped: searches may begin there again.
  ///
  /// Linux: `arch_unmap_area()`, `arch_unmap_area_topdown()`.
  mutating func noteUnmapped(above floor: VirtualAddress, below ceiling: VirtualAddress) {
    guard layout.keepsHole else { return }
    switch layout.direction {
    case .topDown:
      let position = max(hole.position ?? layout.mmapBase, ceiling)
      hole.position = min(position, layout.mmapBase)
    case .bottomUp:
      guard floor >= layout.legacyBase, floor < hole.position ?? layout.legacyBase else { return }
      hole = CachedHole(position: floor, size: ByteCount(.max))
    }
  }

  private mutating func noteHole(_ range: VirtualRange) {
    guard !range.isEmpty else { return }
    hole.size = max(hole.size, range.count)
  }

  private mutating func remember(_ start: VirtualAddress) -> VirtualAddress {
    hole.position = start
    return start
  }

  private mutating func rememberEnd(
    _ start: VirtualAddress, _ length: ByteCount
  ) -> VirtualAddress {
    hole.position = start + length
    return start
  }
}
