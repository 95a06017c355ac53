internal import PhysicalMemory

/// The rows of kmalloc caches that a kernel may have beside the ordinary one.
///
/// Where a row is missing, the ordinary caches serve. Linux: `enum kmalloc_cache_type`.
public struct KmallocKinds: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// For `.dma`. Linux: `dma-kmalloc-*`, with `CONFIG_ZONE_DMA`.
  public static var dma: KmallocKinds { KmallocKinds(rawValue: 1 << 1) }
  /// For `.reclaimable`. Linux: `kmalloc-rcl-*`.
  public static var reclaimable: KmallocKinds { KmallocKinds(rawValue: 1 << 2) }
  /// For `.accounted`. Linux: `kmalloc-cg-*`, with `CONFIG_MEMCG`.
  public static var accounted: KmallocKinds { KmallocKinds(rawValue: 1 << 3) }
}

/// One row.
enum KmallocKind: Int, CaseIterable {
  case normal = 0
  case dma = 1
  case reclaimable = 2
  case accounted = 3

  /// The flags that lead away from the ordinary row.
  static var special: AllocationFlags { [.dma, .reclaimable, .accounted] }

  /// Linux: `kmalloc_type()`.
  init(_ flags: AllocationFlags) {
    if flags.contains(.dma) {
      self = .dma
    } else if flags.contains(.reclaimable) {
      self = .reclaimable
    } else {
      self = flags.contains(.accounted) ? .accounted : .normal
    }
  }

  var slabFlags: SlabFlags {
    switch self {
    case .normal: []
    case .dma: .dma
    case .reclaimable: .reclaimable
    case .accounted: .accounted
    }
  }
}
