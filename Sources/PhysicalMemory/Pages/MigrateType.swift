/// What can be done with the contents of a frame when its place is wanted. Linux: `enum
/// migratetype`, include/linux/mmzone.h.
///
/// Free blocks stand in lists by type, so that what cannot move stays together and leaves large
/// blocks elsewhere. The numbers are those that kernels with CMA print.
public enum MigrateType: UInt8, CaseIterable, Sendable {
  /// Stays where it is for its whole life: kernel objects, page tables.
  case unmovable = 0
  /// Can be copied to another frame: what page tables of processes map.
  case movable = 1
  /// Can be freed on demand: caches with a shrinker.
  case reclaimable = 2
  /// Kept back for large requests that must not wait.
  case highAtomic = 3
  /// Lent to movable pages until a device claims it.
  case cma = 4
  /// Nobody gets it: it is about to be taken as one range.
  case isolated = 5

  /// How many types there are.
  @inline(__always)
  public static var count: Int { 6 }

  /// Whether per-CPU lists hold it and free blocks of two such types can become one.
  ///
  /// Linux: `MIGRATE_PCPTYPES`, `migratetype_is_mergeable()`.
  @inline(__always)
  public var isOrdinary: Bool { rawValue <= MigrateType.reclaimable.rawValue }

  /// As /proc/pagetypeinfo writes it.
  public var name: StaticString {
    switch self {
    case .unmovable: "Unmovable"
    case .movable: "Movable"
    case .reclaimable: "Reclaimable"
    case .highAtomic: "HighAtomic"
    case .cma: "CMA"
    case .isolated: "Isolate"
    }
  }

  /// Whose blocks serve a request when its own type has none, first choice first; nothing for the
  /// types that are no request's.
  ///
  /// Linux: `fallbacks`, mm/page_alloc.c.
  @inline(__always)
  var fallbacks: (first: MigrateType, second: MigrateType)? {
    switch self {
    case .unmovable: (.reclaimable, .movable)
    case .movable: (.reclaimable, .unmovable)
    case .reclaimable: (.unmovable, .movable)
    default: nil
    }
  }

  var index: Int { Int(rawValue) }
}
