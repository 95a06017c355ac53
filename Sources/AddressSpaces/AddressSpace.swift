internal import KernelHeap
public import Machine
public import MemoryTypes
public import PageTables
internal import PhysicalMemory

/// The memory of one process: its VMAs, its page tables and its accounts.
///
/// ```
///   mmap, munmap, mprotect, brk …          one file each: AddressSpace+Map.swift, …
///        |
///   placement, merge, split, accounting    what the calls are made of
///        |
///   VMATree  (what may be accessed)  ----  PageTable (what is there now)
///                         \               /
///                     handleFault: fills the second from the first
/// ```
///
/// A slab object. VMAs, families of anonymous pages and files are slab objects too, the tables are
/// frames: everything comes from the `MemoryServices` the space was made with and goes back there.
///
/// Invariants: VMAs are page-aligned, ordered, do not overlap and lie below the task size; every leaf of
/// the tables lies in a VMA; the account of each kind is the sum over the VMAs.
///
/// Lock order: `mmapLock` (exclusive for what changes VMAs, shared for faults), then the slab and zone
/// locks that allocations take. Every method here expects the caller, `KernelCore`, to hold it.
///
/// Changes that make a translation stale are gathered in `batch`; the caller flushes it to the
/// hardware before it lets go of the lock, and only then are the frames free.
///
/// Linux: `mm_struct`, include/linux/mm_types.h.
public struct AddressSpace: ~Copyable {
  public let services: Ref<MemoryServices>
  public let layout: UserLayout
  public var limits: ResourceLimits
  public var mmapLock = ReaderWriterLock()
  /// Tasks that run in it. Linux: `mm_users`.
  public var users = 1
  /// Who needs the object; all users together count as one. Linux: `mm_count`.
  public var references = 1
  var link = ListLink<AddressSpace>()
  /// The hardware's tag for its translations, good while `asidGeneration` is the machine's.
  /// Linux: `mm->context`.
  public var asid = ASID(0)
  public var asidGeneration: UInt64 = 0

  public internal(set) var vmas = VMATree()
  public internal(set) var tables: PageTable<AllocatorFrames>
  /// Translations to invalidate and frames to free behind them.
  public var batch = TLBBatch()

  /// The heap: where it begins and where it ends now, byte-exact. Linux: `start_brk`, `brk`.
  public internal(set) var heapStart = VirtualAddress(0)
  public internal(set) var programBreak = VirtualAddress(0)
  /// An address inside the first stack area. Linux: `start_stack`.
  public internal(set) var stackStart = VirtualAddress(0)
  /// Where the parts of the program stand; for texts only.
  public var image = ImageBounds()
  /// What the program was told at its start. Linux: `saved_auxv`.
  public var auxiliary = AuxiliaryVector()
  public internal(set) var keys = ProtectionKeys()
  /// Flags every new mapping gets. Linux: `def_flags`, set by `mlockall(MCL_FUTURE)`.
  public internal(set) var defaultFlags: VMAFlags = []

  /// Only where `layout.keepsHole`.
  var hole = CachedHole()

  public internal(set) var accounts = AreaAccounts()
  public internal(set) var resident = ResidentCounts()
  public internal(set) var faults = FaultCounts()

  /// An empty address space: a root table and nothing else.
  ///
  /// - Throws: `outOfMemory` when there is no frame for the root table; nothing is kept then.
  public init(
    services: Ref<MemoryServices>, layout: UserLayout, limits: ResourceLimits
  ) throws(AllocationError) {
    self.services = services
    self.layout = layout
    self.limits = limits
    tables = try PageTable(
      format: services.pointee.format, kernelRoot: services.pointee.kernelRoot,
      pages: AllocatorFrames(services.pointee.pages))
  }

  public var pageSize: PageSize { layout.pageSize }
}

/// Pages of mappings by kind. Linux: `total_vm`, `locked_vm`, `pinned_vm`, `data_vm`, `exec_vm`,
/// `stack_vm`.
public struct AreaAccounts: Hashable, Sendable {
  public internal(set) var total = PageCount.zero
  public internal(set) var highWaterTotal = PageCount.zero
  public internal(set) var data = PageCount.zero
  public internal(set) var code = PageCount.zero
  public internal(set) var stack = PageCount.zero
  public internal(set) var locked = PageCount.zero
  /// Pages that a device may reach, which must stay where they are; nothing pins any yet.
  /// Linux: `pinned_vm`.
  public internal(set) var pinned = PageCount.zero
  /// Pages among `locked` whose areas are not locked any more: `MREMAP_DONTUNMAP` forgets to take them
  /// back.
  public internal(set) var orphanedLocks = PageCount.zero
  public internal(set) var highWaterVMAs = 0
}

/// Pages that are in memory for this space. Linux: `rss_stat`.
public struct ResidentCounts: Hashable, Sendable {
  public internal(set) var file = PageCount.zero
  public internal(set) var anonymous = PageCount.zero
  public internal(set) var shared = PageCount.zero
  /// The largest sum so far. Linux: `hiwater_rss`.
  public internal(set) var highWater = PageCount.zero

  public var total: PageCount { file + anonymous + shared }

  mutating func noteHighWater() { highWater = max(highWater, total) }
}

/// Faults served. Linux: `min_flt`, `maj_flt`.
public struct FaultCounts: Hashable, Sendable {
  public internal(set) var minor: UInt64 = 0
  public internal(set) var major: UInt64 = 0
}

/// Links the address spaces of a kernel. Linux: `mmlist`.
public enum SpaceLinking: ListLinking {
  public static func link(of space: Ref<AddressSpace>) -> Ref<ListLink<AddressSpace>> {
    // SAFETY: a stored property of an object in managed memory has a stable address.
    unsafe Ref(&space.pointee.link)
  }
}
