public import MemoryTypes

/// What stands behind the addresses of a maps line.
public enum AreaLabel: UInt8, Hashable, Sendable {
  case none, file, sharedAnonymous, named, namedShared, heap, stack, vdso, vvar, vvarClock
}

extension AddressSpace {
  /// The label of a VMA, by its file, its special content or its place.
  ///
  /// Linux: `show_map_vma()`, fs/proc/task_mmu.c; `vma_is_initial_heap()`, `vma_is_initial_stack()`.
  public func label(of vma: Ref<VMA>) -> AreaLabel {
    let area = vma.pointee
    if area.file != nil, area.name != nil { return .namedShared }
    if let file = area.file { return file.pointee.name.count > 0 ? .file : .sharedAnonymous }
    switch area.special {
    case .vdso: return .vdso
    case .vvar: return .vvar
    case .vvarClock: return .vvarClock
    case .none: break
    }
    if isHeap(area) { return .heap }
    if area.start <= stackStart, area.end >= stackStart { return .stack }
    return area.name == nil ? .none : .named
  }

  /// Linux: `vma_is_initial_heap()`.
  private func isHeap(_ area: VMA) -> Bool {
    if services.pointee.rules.contains(.labelsHeapItselfOnly) {
      return area.start < programBreak && area.end > heapStart
    }
    return area.start <= programBreak && area.end >= heapStart
  }
}

extension VMA {
  /// The offset column: bytes into the file; 0 for private anonymous memory.
  public func fileOffset(_ pageSize: PageSize) -> UInt64 {
    file == nil ? 0 : UInt64(pageOffset) << UInt64(pageSize.shift)
  }
}
