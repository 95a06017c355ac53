/// What one pass over the zones may do. Linux: `ALLOC_*`, mm/internal.h.
struct AttemptFlags: OptionSet {
  let rawValue: UInt16

  /// The free count must stay above the low watermark.
  static var low: AttemptFlags { AttemptFlags(rawValue: 1 << 0) }
  /// The free count must stay above the high watermark. Without either mark: above the minimum.
  static var high: AttemptFlags { AttemptFlags(rawValue: 1 << 1) }
  /// No watermark holds it back.
  static var noWatermarks: AttemptFlags { AttemptFlags(rawValue: 1 << 2) }
  /// May use a quarter of the reserve more: it cannot wait. Linux: `ALLOC_NON_BLOCK`.
  static var nonBlocking: AttemptFlags { AttemptFlags(rawValue: 1 << 3) }
  /// May use half of the reserve. Linux: `ALLOC_MIN_RESERVE`.
  static var minReserve: AttemptFlags { AttemptFlags(rawValue: 1 << 4) }
  /// A process that is being killed: half of what is left of the reserve. Linux: `ALLOC_OOM`.
  static var outOfMemory: AttemptFlags { AttemptFlags(rawValue: 1 << 5) }
  /// May use contiguous-memory areas. Linux: `ALLOC_CMA`.
  static var cma: AttemptFlags { AttemptFlags(rawValue: 1 << 6) }
  /// Takes other types' pageblocks whole or not at all. Linux: `ALLOC_NOFRAGMENT`.
  static var noFragment: AttemptFlags { AttemptFlags(rawValue: 1 << 7) }
  /// A large request that must not wait. Linux: `ALLOC_HIGHATOMIC`.
  static var highAtomic: AttemptFlags { AttemptFlags(rawValue: 1 << 8) }
  /// May wake the background reclaim. Linux: `ALLOC_KSWAPD`.
  static var wakesReclaim: AttemptFlags { AttemptFlags(rawValue: 1 << 9) }
  /// Passes by nodes that have more dirty frames than they should. Linux: `spread_dirty_pages`.
  static var spreadsDirty: AttemptFlags { AttemptFlags(rawValue: 1 << 10) }

  /// Those that may go below the minimum. Linux: `ALLOC_RESERVES`.
  static var reserves: AttemptFlags { [.nonBlocking, .minReserve, .outOfMemory] }
}
