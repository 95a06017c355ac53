public import AddressSpaces
internal import KernelHeap
public import Machine
public import MemoryTypes
public import PhysicalMemory

/// The composition root: everything a machine's memory needs, put together at boot.
///
/// ```
///   system calls, traps, /proc texts     this module
///        |
///   Task ── AddressSpace                 one per process, shared by its threads
///        |
///   MemoryServices                       slab caches, accounts, the zero page
///        |
///   PageAllocator <- Memblock            frames
///        |
///   Hardware                             RAM, MMU, TLB: simulated, or the real registers
/// ```
///
/// Programs, replays and the shell come in by one table of calls (SystemCalls/Kernel+Call.swift). A call
/// takes the task's `mmapLock`, works on its `AddressSpace`, flushes what became stale to the
/// hardware and only then frees the frames behind it. Errors of the layers become `Errno` here and
/// nowhere else (SystemCalls/Errno+Layers.swift).
///
/// Invariant: after the last task is gone and `dropFiles` was called, as many frames are free as at
/// boot, but for empty slabs that the caches keep (`shrink` gives those back).
///
/// Linux: `start_kernel()`, kernel/fork.c, mm/.
public struct Kernel<Platform: Hardware>: ~Copyable {
  public let hardware: Platform
  public let services: Ref<MemoryServices>
  public var settings: KernelSettings
  /// Frames that were free when boot was over.
  public let freeAtBoot: PageCount

  let tasks: TypedCache<Task>
  var processes: ProcessTable
  var asids: ASIDAllocator

  /// Brings the memory manager up on a machine whose free memory `pages` already holds.
  ///
  /// - Parameter kernelRoot: The tables that the machine runs on at boot, on formats where one root
  ///   serves both halves; nil where user tables need nothing of them.
  /// - Throws: `outOfMemory` when RAM is too small for the first objects.
  public init(
    hardware: Platform, pages: Ref<PageAllocator>, format: TranslationFormat,
    kernelRoot: PageFrameNumber? = nil, settings: KernelSettings
  ) throws(AllocationError) {
    let commit = settings.commitAccount(pages)
    let services = try Self.makeServices(pages, format, kernelRoot, settings, commit)
    let tasks = try TypedCache<Task>(name: "task_struct", pages: pages)
    services.pointee.features = settings.features
    self.hardware = hardware
    self.services = services
    self.settings = settings
    self.tasks = tasks
    processes = ProcessTable(services: services)
    asids = ASIDAllocator(architecture: settings.layout.architecture)
    freeAtBoot = pages.pointee.freePageCount
  }

  /// The services live in frames of their own, at an address that never changes.
  private static func makeServices(
    _ pages: Ref<PageAllocator>, _ format: TranslationFormat, _ kernelRoot: PageFrameNumber?,
    _ settings: KernelSettings, _ commit: CommitAccount
  ) throws(AllocationError) -> Ref<MemoryServices> {
    var services = try MemoryServices(
      pages: pages, format: format, kernelRoot: kernelRoot, version: settings.version,
      commit: commit, hasContents: settings.hasContents)
    services.hugePages = settings.hugePages
    let size = ByteCount(UInt(MemoryLayout<MemoryServices>.size))
    let pageSize = pages.pointee.directMap.pageSize
    let block = try pages.pointee.allocatePages(
      order: .holding(pageSize.pages(in: size)), flags: .kernel)
    // SAFETY: the block is large enough, page-aligned and never freed.
    let place = unsafe pages.pointee.pointer(to: block).bindMemory(
      to: MemoryServices.self, capacity: 1)
    unsafe place.initialize(to: services)
    return unsafe Ref(place)
  }

  public var pages: Ref<PageAllocator> { services.pointee.pages }
}

/// What an administrator sets before programs run.
public struct KernelSettings: Sendable {
  public var layout: UserLayout
  public var limits: ResourceLimits
  public var version: LinuxVersion
  /// `vm.overcommit_memory`.
  public var overcommit: CommitAccount.Policy
  /// RAM as the overcommit rule counts it; nil for the machine's own RAM.
  public var totalPages: PageCount?
  /// `transparent_hugepage/enabled`.
  public var hugePages = HugePagePolicy.madvise
  /// Swap as the overcommit rule counts it.
  public var swapPages = PageCount.zero
  /// `vm.overcommit_ratio`, per cent.
  public var overcommitRatio: UInt = 50
  /// `vm.overcommit_kbytes`, in pages; 0 for the ratio.
  public var overcommitPages = PageCount.zero
  /// What the kernel was built with and what its processor can.
  public var features = KernelFeatures.standard
  /// Whether programs and files put bytes into frames; false where only the use of pages is known.
  public var hasContents = true

  public init(
    layout: UserLayout, limits: ResourceLimits = ResourceLimits(), version: LinuxVersion = .v6_18,
    overcommit: CommitAccount.Policy = .heuristic, totalPages: PageCount? = nil
  ) {
    self.layout = layout
    self.limits = limits
    self.version = version
    self.overcommit = overcommit
    self.totalPages = totalPages
  }

  /// The account as it stands when boot is over.
  func commitAccount(_ pages: Ref<PageAllocator>) -> CommitAccount {
    var account = CommitAccount(
      policy: overcommit, totalPages: totalPages ?? pages.pointee.managedPageCount)
    account.swap = swapPages
    account.ratio = overcommitRatio
    account.fixedLimit = overcommitPages
    account.setReserves(free: totalPages ?? pages.pointee.freePageCount, layout.pageSize)
    return account
  }
}
