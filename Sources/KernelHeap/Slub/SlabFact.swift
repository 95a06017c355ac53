/// A figure that Linux shows as a file below /sys/kernel/slab/NAME, by the file's name.
///
/// Linux: `slab_attrs`, mm/slub.c (6.12).
public enum SlabFact: UInt8, Hashable, Sendable {
  case align
  case aliases
  case cacheDMA
  case constructor
  case perCPUPartial
  case perCPUSlabs
  case typeSafeByRCU
  case cacheLineAligned
  case minimumPartial
  case objectSize
  case objects
  case partialObjects
  case objectsPerSlab
  case order
  case partial
  case poison
  case reclaimable
  case redZone
  case remoteDefragmentation
  case sanityChecks
  case slabSize
  case slabs
  case perCPUPartialSlabs
  case storesUser
  case totalObjects
  case trace
  case userSize

  /// The file's name.
  public var name: StaticString {
    switch self {
    case .align: "align"
    case .aliases: "aliases"
    case .cacheDMA: "cache_dma"
    case .constructor: "ctor"
    case .perCPUPartial: "cpu_partial"
    case .perCPUSlabs: "cpu_slabs"
    case .typeSafeByRCU: "destroy_by_rcu"
    case .cacheLineAligned: "hwcache_align"
    case .minimumPartial: "min_partial"
    case .objectSize: "object_size"
    case .objects: "objects"
    case .partialObjects: "objects_partial"
    case .objectsPerSlab: "objs_per_slab"
    case .order: "order"
    case .partial: "partial"
    case .poison: "poison"
    case .reclaimable: "reclaim_account"
    case .redZone: "red_zone"
    case .remoteDefragmentation: "remote_node_defrag_ratio"
    case .sanityChecks: "sanity_checks"
    case .slabSize: "slab_size"
    case .slabs: "slabs"
    case .perCPUPartialSlabs: "slabs_cpu_partial"
    case .storesUser: "store_user"
    case .totalObjects: "total_objects"
    case .trace: "trace"
    case .userSize: "usersize"
    }
  }
}
