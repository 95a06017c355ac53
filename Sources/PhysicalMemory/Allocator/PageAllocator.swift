public import Machine
public import MemoryTypes

/// The page allocator of one machine. Linux: mm/page_alloc.c.
///
/// It lives in the RAM it manages and is used through a `Ref`; every method may be called by
/// several processors at once, unless it says otherwise.
public struct PageAllocator: ~Copyable {
  /// The window to RAM.
  public let directMap: DirectMap
  /// The descriptors of all frames.
  public let pages: PageArray
  /// The migrate types.
  public let pageblocks: PageblockMap
  /// The nodes, by number.
  public let nodes: NodeTable
  /// The zones of all nodes.
  public let zones: ZoneTable
  /// What the kernel was configured with.
  public let options: PageAllocatorOptions
  /// Which processor calls. Set at boot, before a second processor starts.
  public var processors = ProcessorSource.first
  /// Whom to ask for memory; nil: nobody. Set at boot, before a second processor starts.
  public var relief: Relief?
  /// Where the kernel heap keeps the way to its caches; 0 before there is one.
  ///
  /// Linux has a global for it; a host runs several machines in one process.
  public var heapRoot: UInt = 0
  /// Whether requests keep to pageblocks of their type: memory is large enough for it.
  /// Linux: `page_group_by_mobility_disabled`.
  public let groupsByMobility: Bool
  /// The frames that descriptors fill. Linux: `nr_memmap_boot_pages`.
  public let descriptorPages: PageCount
  /// Whether frames are written to whenever they change hands.
  let touchesFrames: Bool
  /// A bit for each order whose blocks go straight back to their zone: those below a pageblock, where
  /// nobody keeps an account of which frames were written.
  let quickOrders: UInt16
  /// A bit for each order whose blocks pass through the per-CPU lists.
  let perCPUOrders: UInt16
  let zonelists: Zonelists
  let processorNodes: ProcessorNodes
  let ways: AllocationWays
  let faults = FaultSwitch()
  let slowPath = SlowPathCounters()

  init(
    directMap: DirectMap, parts: BootParts, options: PageAllocatorOptions,
    groupsByMobility: Bool, descriptorPages: PageCount, tracksZeros: Bool
  ) {
    quickOrders = tracksZeros ? 0 : UInt16(1) << options.pageblockOrder.rawValue - 1
    self.groupsByMobility = groupsByMobility
    self.descriptorPages = descriptorPages
    self.directMap = directMap
    pages = parts.pages
    pageblocks = parts.pageblocks
    nodes = parts.nodes
    zones = parts.zones
    self.options = options
    relief = nil
    zonelists = parts.zonelists
    processorNodes = parts.processorNodes
    touchesFrames =
      options.clearsOnAllocation || options.clearsOnFree || options.poisonsFreeFrames
    perCPUOrders = options.perCPUOrders
    ways = parts.ways
  }

  /// The largest order that can be asked for. Linux: `MAX_PAGE_ORDER`.
  public var maximumOrder: Order { options.maximumOrder }

  /// Allocates 2^`order` frames side by side, aligned to their size; the first one's descriptor.
  ///
  /// `references` of the first is 1. The bytes are what the last owner left, unless `.zeroed`.
  /// Throws `.outOfMemory` when there is no such block above the watermarks, relief brought none
  /// and the flags let it fail, or `order` is too large; nothing has changed then. O(maximum order).
  /// Linux: `alloc_pages()`.
  ///
  /// The caller's own node is asked first.
  @inlinable @inline(__always)
  public func allocatePages(
    order: Order, flags: AllocationFlags
  ) throws(AllocationError) -> Ref<Page> {
    guard let page = find(order, flags) else { throw .outOfMemory }
    return page
  }

  /// The same from the nodes that `policy` names. Linux: `alloc_pages_mpol()`.
  public func allocatePages(
    order: Order, flags: AllocationFlags, on policy: NodePolicy
  ) throws(AllocationError) -> Ref<Page> {
    guard let page = findCarefully(order, flags, policy) else { throw .outOfMemory }
    return page
  }

  /// Allocates one frame. Linux: `alloc_page()`.
  @inlinable @inline(__always)
  public func allocatePage(flags: AllocationFlags) throws(AllocationError) -> Ref<Page> {
    try allocatePages(order: .zero, flags: flags)
  }

  /// Gives one frame back. Linux: `__free_page()`.
  @inline(__always)
  public func freePage(_ page: Ref<Page>) {
    freePages(page, order: .zero)
  }
}
