/// The flags of an allocation as a trace of the kernel spells them. Linux: `gfp_t`.
///
/// The bits are those that Linux 6.12 prints names for; a trace of another version is read by
/// names, so that its numbers do not matter.
@frozen
public struct GFPFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `__GFP_DMA`
  public static var dma: GFPFlags { GFPFlags(rawValue: 1 << 0) }
  /// `__GFP_HIGHMEM`
  public static var highMemory: GFPFlags { GFPFlags(rawValue: 1 << 1) }
  /// `__GFP_DMA32`
  public static var dma32: GFPFlags { GFPFlags(rawValue: 1 << 2) }
  /// `__GFP_MOVABLE`
  public static var movable: GFPFlags { GFPFlags(rawValue: 1 << 3) }
  /// `__GFP_RECLAIMABLE`
  public static var reclaimable: GFPFlags { GFPFlags(rawValue: 1 << 4) }
  /// `__GFP_HIGH`
  public static var high: GFPFlags { GFPFlags(rawValue: 1 << 5) }
  /// `__GFP_IO`
  public static var mayStartIO: GFPFlags { GFPFlags(rawValue: 1 << 6) }
  /// `__GFP_FS`
  public static var mayUseFileSystems: GFPFlags { GFPFlags(rawValue: 1 << 7) }
  /// `__GFP_ZERO`
  public static var zeroed: GFPFlags { GFPFlags(rawValue: 1 << 8) }
  /// `__GFP_DIRECT_RECLAIM`
  public static var directReclaim: GFPFlags { GFPFlags(rawValue: 1 << 10) }
  /// `__GFP_KSWAPD_RECLAIM`
  public static var wakesReclaim: GFPFlags { GFPFlags(rawValue: 1 << 11) }
  /// `__GFP_WRITE`
  public static var willWrite: GFPFlags { GFPFlags(rawValue: 1 << 12) }
  /// `__GFP_NOWARN`
  public static var noWarning: GFPFlags { GFPFlags(rawValue: 1 << 13) }
  /// `__GFP_RETRY_MAYFAIL`
  public static var retryMayFail: GFPFlags { GFPFlags(rawValue: 1 << 14) }
  /// `__GFP_NOFAIL`
  public static var noFail: GFPFlags { GFPFlags(rawValue: 1 << 15) }
  /// `__GFP_NORETRY`
  public static var noRetry: GFPFlags { GFPFlags(rawValue: 1 << 16) }
  /// `__GFP_MEMALLOC`
  public static var useReserves: GFPFlags { GFPFlags(rawValue: 1 << 17) }
  /// `__GFP_COMP`
  public static var compound: GFPFlags { GFPFlags(rawValue: 1 << 18) }
  /// `__GFP_NOMEMALLOC`
  public static var noReserves: GFPFlags { GFPFlags(rawValue: 1 << 19) }
  /// `__GFP_HARDWALL`
  public static var hardwall: GFPFlags { GFPFlags(rawValue: 1 << 20) }
  /// `__GFP_THISNODE`
  public static var thisNode: GFPFlags { GFPFlags(rawValue: 1 << 21) }
  /// `__GFP_ACCOUNT`
  public static var accounted: GFPFlags { GFPFlags(rawValue: 1 << 22) }
  /// `__GFP_ZEROTAGS`
  public static var zeroedTags: GFPFlags { GFPFlags(rawValue: 1 << 23) }
  /// `__GFP_SKIP_ZERO`, `__GFP_SKIP_KASAN`, `__GFP_NOLOCKDEP`, `__GFP_NO_OBJ_EXT`: nothing that
  /// decides which frame is taken.
  public static var debugging: GFPFlags { GFPFlags(rawValue: 1 << 24) }

  /// `__GFP_RECLAIM`
  public static var reclaim: GFPFlags { [.directReclaim, .wakesReclaim] }
  /// `GFP_KERNEL`
  public static var kernel: GFPFlags { [.reclaim, .mayStartIO, .mayUseFileSystems] }
  /// `GFP_USER`
  public static var user: GFPFlags { [.kernel, .hardwall] }
  /// `GFP_HIGHUSER`
  public static var highUser: GFPFlags { [.user, .highMemory] }
  /// `GFP_TRANSHUGE_LIGHT`
  public static var lightHuge: GFPFlags {
    GFPFlags([.highUser, .movable, .compound, .noReserves, .noWarning]).subtracting(.reclaim)
  }
}
