public import MemoryTypes
internal import PhysicalMemory

/// What its users want of a cache. Linux: `struct kmem_cache_args`.
public struct SlabRequest: Sendable {
  public var name: StaticString
  /// 1 or more.
  public var objectSize: ByteCount
  /// A power of two; a machine word at least is kept.
  public var alignment: ByteCount
  public var flags: SlabFlags
  /// Called once for each object when its slab is made; objects are freed in constructed state.
  public var constructor: SlabConstructor?
  /// The bytes of an object that may be copied from and to user space. Linux: `useroffset`,
  /// `usersize`.
  public var userWindow: Range<UInt>
  /// For how many processors slabs are cut; nil for those of the machine.
  public var processors: Int?

  public init(
    name: StaticString, objectSize: ByteCount, alignment: ByteCount = ByteCount(1),
    flags: SlabFlags = [], constructor: SlabConstructor? = nil, userWindow: Range<UInt> = 0..<0
  ) {
    self.name = name
    self.objectSize = objectSize
    self.alignment = alignment
    self.flags = flags
    self.constructor = constructor
    self.userWindow = userWindow
    processors = nil
  }

  /// The alignment that is kept: a cache line, or the part of one that holds the object, where
  /// that is asked for. Linux: `calculate_alignment()`.
  var keptAlignment: UInt {
    var kept = max(alignment.rawValue, UInt(MemoryLayout<UInt>.size))
    precondition(kept & (kept - 1) == 0, "alignment is no power of two")
    guard flags.contains(.cacheLineAligned) else { return kept }
    var line: UInt = 64
    while objectSize.rawValue <= line / 2 { line /= 2 }
    kept = max(kept, line)
    return kept
  }
}

/// What a cache is told beside sizes. Linux: `SLAB_*`, include/linux/slab.h.
public struct SlabFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Objects start at cache lines, or at even parts of one. Linux: `SLAB_HWCACHE_ALIGN`.
  public static var cacheLineAligned: SlabFlags { SlabFlags(rawValue: 1 << 0) }
  /// A shrinker can free the objects. Linux: `SLAB_RECLAIM_ACCOUNT`.
  public static var reclaimable: SlabFlags { SlabFlags(rawValue: 1 << 1) }
  /// Objects are charged to control groups. Linux: `SLAB_ACCOUNT`.
  public static var accounted: SlabFlags { SlabFlags(rawValue: 1 << 2) }
  /// From the zone of old DMA devices. Linux: `SLAB_CACHE_DMA`.
  public static var dma: SlabFlags { SlabFlags(rawValue: 1 << 3) }
  /// From frames below 4 GiB. Linux: `SLAB_CACHE_DMA32`.
  public static var dma32: SlabFlags { SlabFlags(rawValue: 1 << 4) }
  /// A freed object stays an object of the type until a grace period is over.
  /// Linux: `SLAB_TYPESAFE_BY_RCU`.
  public static var typeSafeByRCU: SlabFlags { SlabFlags(rawValue: 1 << 5) }
  /// Never shared with another cache. Linux: `SLAB_NO_MERGE`.
  public static var unmergeable: SlabFlags { SlabFlags(rawValue: 1 << 6) }
  /// Bytes around each object tell of overruns. Linux: `SLAB_RED_ZONE`, `slab_debug=Z`.
  public static var redZoned: SlabFlags { SlabFlags(rawValue: 1 << 8) }
  /// Free objects hold a pattern. Linux: `SLAB_POISON`, `slab_debug=P`.
  public static var poisoned: SlabFlags { SlabFlags(rawValue: 1 << 9) }
  /// Objects remember who allocated and freed them last. Linux: `SLAB_STORE_USER`, `slab_debug=U`.
  public static var tracksUsers: SlabFlags { SlabFlags(rawValue: 1 << 10) }
  /// Objects and slabs are looked at whenever they change hands.
  /// Linux: `SLAB_CONSISTENCY_CHECKS`, `slab_debug=F`.
  public static var checked: SlabFlags { SlabFlags(rawValue: 1 << 11) }

  /// Linux: `slab_debug` without a letter.
  public static var fullDebugging: SlabFlags { [.redZoned, .poisoned, .tracksUsers, .checked] }
  /// Which stand in the way of a merge. Linux: `SLAB_NEVER_MERGE`.
  static var neverMerged: SlabFlags { [.fullDebugging, .typeSafeByRCU, .unmergeable] }
  /// Which must be equal for a merge. Linux: `SLAB_MERGE_SAME`.
  static var mergedWhenSame: SlabFlags { [.reclaimable, .dma, .dma32, .accounted] }

  var isDebugging: Bool { !isDisjoint(with: .fullDebugging) }

  /// What the flags say to the page allocator. Linux: `s->allocflags`.
  var ofPages: AllocationFlags {
    var flags: AllocationFlags = .compound
    if contains(.reclaimable) { flags.insert(.reclaimable) }
    if contains(.dma) { flags.insert(.dma) }
    if contains(.dma32) { flags.insert(.dma32) }
    return flags
  }
}

/// Brings a new object into its constructed state.
///
/// A C function and a word for it, so that it needs no heap and no closure.
@safe
public struct SlabConstructor: @unchecked Sendable {
  /// Gets the object and the context.
  public typealias Function =
    @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Void

  private let function: Function
  private let context: UnsafeMutableRawPointer?

  /// `function` is called with `context`, which must outlive the cache.
  @unsafe
  public init(context: UnsafeMutableRawPointer? = nil, _ function: @escaping Function) {
    unsafe self.function = function
    unsafe self.context = context
  }

  func callAsFunction(_ object: UInt) {
    // SAFETY: the object is a slot of the cache, of its size, and nobody else's yet.
    unsafe function(UnsafeMutableRawPointer(bitPattern: object).unsafelyUnwrapped, context)
  }
}
