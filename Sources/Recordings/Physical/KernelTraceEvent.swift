/// One line of a kernel's trace that tells of memory.
///
/// Flat: no reference, no heap. Frames are numbers as the traced kernel counts them; page types
/// are its numbers (0 unmovable, 1 movable, 2 reclaimable, then as that kernel was built).
public struct KernelTraceEvent: Hashable, Sendable {
  /// The line of the text, from 1.
  public var line: Int
  /// Nanoseconds of the trace's clock.
  public var time: UInt64
  /// The thread's id.
  public var task: Int32
  /// The processor.
  public var cpu: UInt16
  public var context: Context
  public var thread: Thread
  public var kind: Kind

  public init(
    line: Int, time: UInt64, task: Int32, cpu: UInt16, context: Context = [],
    thread: Thread = .other, kind: Kind
  ) {
    self.line = line
    self.time = time
    self.task = task
    self.cpu = cpu
    self.context = context
    self.thread = thread
    self.kind = kind
  }

  /// What the flags column says; empty where a text has none.
  public struct Context: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `d`: interrupts are off.
    public static var interruptsOff: Context { Context(rawValue: 1) }
    /// `h`, `H`: a hardware interrupt is served.
    public static var hardInterrupt: Context { Context(rawValue: 2) }
    /// `s`, `H`: a soft interrupt is served.
    public static var softInterrupt: Context { Context(rawValue: 4) }
  }

  /// Threads whose work has a meaning of its own.
  public enum Thread: UInt8, Sendable {
    case other
    /// `kworker/…`: folds counters and drains per-CPU lists each second.
    case worker
    /// `kswapd…`
    case reclaim
    /// `kcompactd…`
    case compaction
  }

  public enum Kind: Hashable, Sendable {
    /// `mm_page_alloc`; frame 0 of an allocation that failed.
    case allocate(frame: UInt64, order: UInt8, type: UInt8, flags: GFPFlags)
    /// `mm_page_free`
    case free(frame: UInt64, order: UInt8)
    /// `mm_page_free_batched`: a page of a batch, which has its own `mm_page_free` before, reaches
    /// the per-CPU list.
    case freeBatched(frame: UInt64)
    /// `mm_page_alloc_zone_locked`: a block leaves the free lists.
    case take(frame: UInt64, order: UInt8, type: UInt8, isRefill: Bool)
    /// `mm_page_pcpu_drain`: a block goes from a per-CPU list to the free lists.
    case drain(frame: UInt64, order: UInt8, type: UInt8)
    /// `mm_page_alloc_extfrag`: a block of another type was taken.
    case fallback(TracedFallback)
    /// `kmalloc`, `kmem_cache_alloc` (also `_node`). The cache is an index of `names`.
    case allocateObject(
      address: UInt64, requested: UInt64, allocated: UInt64, flags: GFPFlags, cache: UInt32)
    /// `kfree`, `kmem_cache_free`
    case freeObject(address: UInt64, cache: UInt32)
    /// `tracing_mark_write`: the text is an index of `names`.
    case mark(UInt32)
    /// Something that moves or takes frames without telling which: compaction, migration,
    /// isolation.
    case movement(TracedMovement)
    /// `mm_vmscan_kswapd_wake`
    case wakeReclaim
    /// `mm_vmscan_kswapd_sleep`
    case sleepReclaim
    /// `mm_vmscan_direct_reclaim_begin`
    case beginDirectReclaim
    /// `mm_vmscan_direct_reclaim_end`
    case endDirectReclaim
  }
}

/// The fields of `mm_page_alloc_extfrag`.
public struct TracedFallback: Hashable, Sendable {
  public var frame: UInt64
  public var order: UInt8
  public var fallbackOrder: UInt8
  public var type: UInt8
  public var fallbackType: UInt8

  public init(frame: UInt64, order: UInt8, fallbackOrder: UInt8, type: UInt8, fallbackType: UInt8) {
    self.frame = frame
    self.order = order
    self.fallbackOrder = fallbackOrder
    self.type = type
    self.fallbackType = fallbackType
  }
}

/// Events that stand for a movement of frames nobody names.
public enum TracedMovement: UInt8, Hashable, Sendable {
  /// `mm_compaction_begin`
  case beginCompaction
  /// `mm_compaction_end`
  case endCompaction
  /// `mm_compaction_isolate_freepages`, `…_fast_isolate_freepages`
  case isolateFree
  /// `mm_compaction_isolate_migratepages`
  case isolateUsed
  /// `mm_migrate_pages`, `mm_migrate_pages_start`, `mm_compaction_migratepages`
  case migrate
  /// `test_pages_isolated` and other events of page isolation
  case isolateBlock
}
