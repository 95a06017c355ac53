/// How a caller wants its frames, and what the allocator may do to get them. Linux: `gfp_t`.
///
/// The bits are Octavo's own; only the meanings are Linux's.
@frozen
public struct AllocationFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// From the zone of old DMA devices. Linux: `__GFP_DMA`.
  @inlinable public static var dma: AllocationFlags { AllocationFlags(rawValue: 1 << 0) }
  /// From frames below 4 GiB. Linux: `__GFP_DMA32`.
  @inlinable public static var dma32: AllocationFlags { AllocationFlags(rawValue: 1 << 1) }
  /// From frames outside the direct map too. Linux: `__GFP_HIGHMEM`.
  @inlinable public static var highMemory: AllocationFlags { AllocationFlags(rawValue: 1 << 2) }
  /// The contents can be moved to another frame. Linux: `__GFP_MOVABLE`.
  @inlinable public static var movable: AllocationFlags { AllocationFlags(rawValue: 1 << 3) }
  /// A shrinker can free it. Linux: `__GFP_RECLAIMABLE`.
  @inlinable public static var reclaimable: AllocationFlags { AllocationFlags(rawValue: 1 << 4) }
  /// May use a part of the reserve. Linux: `__GFP_HIGH`.
  @inlinable public static var highPriority: AllocationFlags { AllocationFlags(rawValue: 1 << 5) }
  /// May start I/O to get memory. Linux: `__GFP_IO`.
  @inlinable public static var mayStartIO: AllocationFlags { AllocationFlags(rawValue: 1 << 6) }
  /// May call into file systems to get memory. Linux: `__GFP_FS`.
  @inlinable public static var mayUseFileSystems: AllocationFlags {
    AllocationFlags(rawValue: 1 << 7)
  }
  /// May ask for relief itself and wait for it. Linux: `__GFP_DIRECT_RECLAIM`.
  @inlinable public static var directReclaim: AllocationFlags { AllocationFlags(rawValue: 1 << 8) }
  /// May wake the background reclaim. Linux: `__GFP_KSWAPD_RECLAIM`.
  @inlinable public static var wakesReclaim: AllocationFlags { AllocationFlags(rawValue: 1 << 9) }
  /// Cleared to zero bytes. Linux: `__GFP_ZERO`.
  @inlinable public static var zeroed: AllocationFlags { AllocationFlags(rawValue: 1 << 10) }
  /// Never fails; waits for ever instead. Linux: `__GFP_NOFAIL`.
  @inlinable public static var noFail: AllocationFlags { AllocationFlags(rawValue: 1 << 11) }
  /// Gives up after one light attempt at relief. Linux: `__GFP_NORETRY`.
  @inlinable public static var noRetry: AllocationFlags { AllocationFlags(rawValue: 1 << 12) }
  /// Retries while there is progress, but may fail. Linux: `__GFP_RETRY_MAYFAIL`.
  @inlinable public static var retryMayFail: AllocationFlags { AllocationFlags(rawValue: 1 << 13) }
  /// One page in the eyes of its owner: tails know their head. Linux: `__GFP_COMP`.
  @inlinable public static var compound: AllocationFlags { AllocationFlags(rawValue: 1 << 14) }
  /// May use the whole reserve: the caller frees memory soon. Linux: `__GFP_MEMALLOC`.
  @inlinable public static var useReserves: AllocationFlags { AllocationFlags(rawValue: 1 << 15) }
  /// Charged to the control group of the process. Linux: `__GFP_ACCOUNT`.
  @inlinable public static var accounted: AllocationFlags { AllocationFlags(rawValue: 1 << 16) }
  /// Fails without a report. Linux: `__GFP_NOWARN`.
  @inlinable public static var noWarning: AllocationFlags { AllocationFlags(rawValue: 1 << 17) }
  /// From the named node only. Linux: `__GFP_THISNODE`.
  @inlinable public static var thisNode: AllocationFlags { AllocationFlags(rawValue: 1 << 18) }
  /// Within the nodes that the process may use. Linux: `__GFP_HARDWALL`.
  @inlinable public static var hardwall: AllocationFlags { AllocationFlags(rawValue: 1 << 19) }

  /// May not use the reserve whoever asks. Linux: `__GFP_NOMEMALLOC`.
  @inlinable public static var noReserves: AllocationFlags { AllocationFlags(rawValue: 1 << 20) }
  /// Will be written to soon: spread dirty pages over zones. Linux: `__GFP_WRITE`.
  @inlinable public static var willBeDirty: AllocationFlags { AllocationFlags(rawValue: 1 << 21) }

  /// What needs a closer look at nodes than the quick ways take.
  @inline(__always)
  static var neverQuick: AllocationFlags { [.thisNode, .willBeDirty] }

  /// Both kinds of reclaim. Linux: `__GFP_RECLAIM`.
  @inlinable public static var reclaim: AllocationFlags { [.directReclaim, .wakesReclaim] }
  /// For the kernel's own data; may wait. Linux: `GFP_KERNEL`.
  @inlinable public static var kernel: AllocationFlags {
    [.reclaim, .mayStartIO, .mayUseFileSystems]
  }
  /// Must not wait; may use a part of the reserve. Linux: `GFP_ATOMIC`.
  @inlinable public static var atomic: AllocationFlags { [.highPriority, .wakesReclaim] }
  /// Must not wait. Linux: `GFP_NOWAIT`.
  @inlinable public static var noWait: AllocationFlags { [.wakesReclaim, .noWarning] }
  /// For a process, which the kernel reads and writes too. Linux: `GFP_USER`.
  @inlinable public static var user: AllocationFlags { [.kernel, .hardwall] }
  /// For a process, in any frame and free to move. Linux: `GFP_HIGHUSER_MOVABLE`.
  @inlinable public static var userMovable: AllocationFlags { [.user, .highMemory, .movable] }
}
