internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// What is looked at when objects change hands. Linux: `CONFIG_DEBUG_SLAB`, mm/slab.c (6.1).
///
/// Objects pass through the queues as ever: what is wrong with one is found when it comes back, or
/// when it is handed out again. Each finding is reported; damage is mended.
extension QueuedDesign {
  var isWatched: Bool { core.pointee.flags.isDebugging }

  /// A free object of a new slab. Linux: `cache_init_objs_debug()`.
  func prepareWatched(_ object: UInt) {
    let bytes = QueuedBytes(object, core)
    if bytes.isRedZoned { bytes.zones = (QueuedBytes.redFree, QueuedBytes.redFree) }
    bytes.user = 0
    bytes.poison()
  }

  /// Whether `object` can be handed out, which it is then: false for one that somebody has already.
  ///
  /// Linux: `cache_alloc_debugcheck_after()`.
  func handOutWatched(_ object: UInt) -> Bool {
    let bytes = QueuedBytes(object, core)
    if bytes.isRedZoned {
      let (left, right) = bytes.zones
      if left != QueuedBytes.redFree || right != QueuedBytes.redFree {
        report {
          $0.error("double free, or memory outside object was overwritten")
          $0.zones(object)
        }
        if left == QueuedBytes.redInUse && right == QueuedBytes.redInUse { return false }
      }
      bytes.zones = (QueuedBytes.redInUse, QueuedBytes.redInUse)
    }
    if let damage = bytes.damage { report { $0.corruption(object, damage) } }
    if bytes.isPoisoned { WatchedBytes.fill(object, bytes.size, with: WatchedBytes.padding) }
    bytes.user = currentUser
    if bytes.isPoisoned { core.pointee.constructor?(object) }
    return true
  }

  /// Whether `object` may be freed; it is marked as free then. Else it stays as it is.
  ///
  /// Linux: `cache_free_debugcheck()`, `verify_redzone_free()`.
  func takeBackWatched(_ object: UInt) -> Bool {
    let bytes = QueuedBytes(object, core)
    if bytes.isRedZoned {
      let (left, right) = bytes.zones
      if left == QueuedBytes.redFree && right == QueuedBytes.redFree { return refuse(object) }
      if left != QueuedBytes.redInUse || right != QueuedBytes.redInUse {
        report {
          $0.error("memory outside object was overwritten")
          $0.zones(object)
        }
      }
      bytes.zones = (QueuedBytes.redFree, QueuedBytes.redFree)
    } else if core.pointee.flags.contains(.checked), isFree(object) {
      return refuse(object)
    }
    bytes.user = currentUser
    bytes.poison()
    return true
  }

  /// A number of a list that is none of an object: the slab hands out nothing any more.
  ///
  /// Linux has no such check: the object that the number would lead to is handed out.
  func giveUp(_ slab: Ref<Page>) {
    guard isWatched else { SlabMisuse.trapCorruptFreeList() }
    let plan = state.pointee.plan
    report {
      $0.error("list of free objects was overwritten")
      $0.slab(slab)
      // Its overrun is the likeliest cause.
      $0.zones(firstObject(of: slab) &+ UInt(plan.count - 1) &* plan.slotSize)
    }
    slab.activeObjects = plan.count
  }

  /// `object` was freed into this cache but is none of it. Linux: `cache_from_obj()`,
  /// `cache_free_debugcheck()`.
  @inline(never)
  func misuse(_ object: UInt, in slab: Ref<Page>?) {
    guard isWatched else { SlabMisuse.trapForeign() }
    report {
      guard let slab else { return $0.outOfRange(object) }
      $0.foreign(object, isOfOtherCache: slab.slabCache != core.address)
    }
  }

  private func refuse(_ object: UInt) -> Bool {
    report {
      $0.error("double free detected")
      $0.zones(object)
    }
    return false
  }

  private var currentUser: UInt {
    HeapRoot.existing(core.pointee.pages)?.pointee.options.reports?.user ?? 0
  }

  /// Counts a finding and lets `body` describe it; ends the machine where nobody listens.
  private func report(_ body: (inout QueuedReport) -> Void) {
    core.countFinding()
    guard let reports = HeapRoot.existing(core.pointee.pages)?.pointee.options.reports else {
      fatalError("the kernel heap was misused, and nobody listens to reports")
    }
    var report = QueuedReport(core, reports)
    body(&report)
  }
}
