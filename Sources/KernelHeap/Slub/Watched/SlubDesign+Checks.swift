internal import MemoryTypes
internal import PhysicalMemory

/// What is looked at when objects change hands; each finding is reported, and mended.
extension SlubDesign {
  /// Whether a free object still is as it was left. Linux: `check_object()`.
  func isUntouched(_ object: UInt, in slab: Ref<Page>) -> Bool {
    let bytes = bytes(of: object)
    guard areZonesWhole(bytes, WatchedBytes.redFree, slab) else { return false }
    guard bytes.isPoisoned else { return true }
    return isWhole(
      "Poison", bytes.object, bytes.size &- 1, WatchedBytes.poison, object, slab)
      && isWhole(
        "End Poison", bytes.object &+ bytes.size &- 1, 1, WatchedBytes.poisonEnd, object, slab)
  }

  /// Whether `object` may be freed; else it stays as it is. Linux: `free_debug_processing()`.
  func mayFree(_ object: UInt, in slab: Ref<Page>) -> Bool {
    if core.pointee.flags.contains(.checked) || slab.slub.counters.inUse == 0 {
      guard isFreeListSound(of: slab) else { return false }
      if isFree(object, in: slab) {
        report(of: slab) { $0.found("Object already free", object) }
        return false
      }
    }
    guard areZonesWhole(bytes(of: object), WatchedBytes.redInUse, slab) else {
      report(of: slab) { $0.fix("Object not freed", object) }
      return false
    }
    return true
  }

  /// Whether each link of the slab leads to an object of it, and the length fits the counts. A list
  /// that does not is cut off. Linux: `on_freelist()`.
  func isFreeListSound(of slab: Ref<Page>) -> Bool {
    guard core.pointee.flags.contains(.checked) else { return true }
    var state = slab.slub
    var before: UInt = 0
    var object = state.first
    var count: UInt = 0
    while object != 0 && count <= state.counters.objects {
      guard isObject(object, of: slab) else {
        cutFreeList(of: slab, after: before)
        return false
      }
      before = object
      object = core.nextFree(after: object)
      count &+= 1
    }
    guard count != state.counters.objects &- state.counters.inUse else { return true }
    report(of: slab) { $0.found("Wrong number of free objects", nil) }
    state.counters.inUse = state.counters.objects &- min(count, state.counters.objects)
    slab.setSlub(state)
    return false
  }

  private func cutFreeList(of slab: Ref<Page>, after object: UInt) {
    report(of: slab) { $0.found("Freechain corrupt", object == 0 ? nil : object) }
    var state = slab.slub
    if object == 0 { state.first = 0 } else { core.setNextFree(after: object, to: 0) }
    var count: UInt = 0
    var next = state.first
    while next != 0 {
      count &+= 1
      next = core.nextFree(after: next)
    }
    state.counters.inUse = state.counters.objects &- count
    slab.setSlub(state)
    report(of: slab) { $0.fix("Freelist cleared") }
  }

  /// Whether all of a slab that goes back is as it was left. Linux: `slab_pad_check()`.
  func checkBeforeDiscarding(_ slab: Ref<Page>) {
    let geometry = core.pointee.geometry
    let start = core.pointee.window.address(of: slab)
    let count = slab.slub.counters.objects
    for index in 0..<count {
      _ = isUntouched(start &+ geometry.leftZone &+ index &* geometry.slotSize.rawValue, in: slab)
    }
    guard core.pointee.flags.contains(.poisoned) else { return }
    let end = start &+ count &* geometry.slotSize.rawValue
    _ = isWhole(
      "Padding", end, start &+ slabSize(slab) &- end, WatchedBytes.padding, nil, slab)
  }

  /// `object` was freed into this cache but is none of it: a watched cache says so and goes on.
  ///
  /// Linux: `free_consistency_checks()`, `cache_from_obj()`.
  @inline(never)
  func misuse(_ object: UInt, in slab: Ref<Page>) {
    guard core.pointee.flags.isDebugging else { SlabMisuse.trapForeign() }
    let isForeign = slab.slabCache != core.address
    report(of: isForeign ? nil : slab) {
      $0.found(isForeign ? "Wrong slab cache" : "Invalid object pointer", object)
    }
  }

  private func areZonesWhole(_ bytes: WatchedBytes, _ red: UInt8, _ slab: Ref<Page>) -> Bool {
    isWhole(
      "Left Redzone", bytes.object &- bytes.leftZone, bytes.leftZone, red, bytes.object, slab)
      && isWhole(
        "Right Redzone", bytes.object &+ bytes.size, bytes.rightZone, red, bytes.object, slab)
  }

  /// Reports and restores bytes that are not `value`. Linux: `check_bytes_and_report()`.
  private func isWhole(
    _ what: StaticString, _ start: UInt, _ count: UInt, _ value: UInt8, _ object: UInt?,
    _ slab: Ref<Page>
  ) -> Bool {
    guard let wrong = WatchedBytes.differing(start, count, from: value) else { return true }
    report(of: slab) { $0.overwritten(what, wrong, value, object) }
    WatchedBytes.fill(wrong.lowerBound, wrong.upperBound &- wrong.lowerBound &+ 1, with: value)
    return false
  }

  /// Counts a finding and lets `body` describe it; ends the machine where nobody listens.
  func report(of slab: Ref<Page>?, _ body: (inout SlabReport) -> Void) {
    core.countFinding()
    guard let reports = HeapRoot.existing(core.pointee.pages)?.pointee.options.reports else {
      fatalError("the kernel heap was misused, and nobody listens to reports")
    }
    var report = SlabReport(core, slab, reports)
    body(&report)
  }
}
