internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

extension Ref where Object == HeapRoot {
  /// A cache whose slots serve the request as well. Linux: `find_mergeable()`.
  func mergeable(_ request: SlabRequest, _ geometry: SlabGeometry) -> Ref<SlabCore>? {
    guard pointee.options.mergesCaches, pointee.options.design != .slob,
      request.constructor == nil, request.userWindow.isEmpty,
      request.flags.isDisjoint(with: .neverMerged)
    else { return nil }
    return pointee.caches.withLock { caches -> Ref<SlabCore>? in
      // The newest first, as in Linux.
      var next = caches.last
      while let core = next {
        if core.serves(request, geometry) { return core }
        next = caches.previous(before: core)
      }
      return nil
    }
  }

  /// One more name for `shared`. Linux: `__kmem_cache_alias()`.
  func makeAlias(
    _ request: SlabRequest, _ geometry: SlabGeometry, of shared: Ref<SlabCore>
  ) throws(AllocationError) -> Ref<SlabCore> {
    let slot = unsafe UInt(bitPattern: try pointee.core.allocate(.kernel))
    // SAFETY: a slot of the cache of caches holds a core; an alias needs no body.
    let place = unsafe UnsafeMutablePointer<SlabCore>(bitPattern: slot).unsafelyUnwrapped
    unsafe place.initialize(
      to: SlabCore(request, geometry, machine, linkKey: 0, pages: pages, target: shared))
    let alias = unsafe Ref<SlabCore>(place)
    pointee.aliases.withLock { $0.pushBack(alias) }
    shared.pointee.shares.wrappingAdd(1, ordering: .relaxed)
    // What is cleared is the whole object, whichever name it is asked by.
    _ = shared.pointee.objectSize.max(request.objectSize.rawValue, ordering: .relaxed)
    return alias
  }

  /// Takes a name away; the cache behind it stays.
  func destroyAlias(_ alias: Ref<SlabCore>) {
    pointee.aliases.withLock { $0.remove(alias) }
    // SAFETY: nobody knows the alias any more; nothing in it needs to be ended.
    unsafe pointee.core.free(UnsafeMutableRawPointer(alias.pointer))
  }
}

extension Ref where Object == SlabCore {
  /// Whether the slots of this cache fit objects of the request without wasting a word each.
  fileprivate func serves(_ request: SlabRequest, _ geometry: SlabGeometry) -> Bool {
    let own = pointee.geometry
    let wanted = geometry.slotSize.rawValue
    guard pointee.constructor == nil, pointee.userWindow.isEmpty,
      pointee.flags.isDisjoint(with: .neverMerged),
      pointee.flags.intersection(.mergedWhenSame) == request.flags.intersection(.mergedWhenSame)
    else { return false }
    guard wanted <= own.slotSize.rawValue,
      own.slotSize.rawValue & (geometry.alignment.rawValue &- 1) == 0
    else { return false }
    // Colours are multiples of the alignment that the slabs were cut for. Linux: `CONFIG_SLAB` in
    // `find_mergeable()`.
    guard pointee.design != .slab || geometry.alignment <= own.alignment else { return false }
    return own.slotSize.rawValue - wanted < UInt(MemoryLayout<UInt>.size)
  }
}
