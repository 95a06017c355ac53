public import Machine
public import MemoryTypes

/// The page tables of one address space: descriptors in frames of RAM that the hardware walks.
///
///     root ─┬─ table ─┬─ table ─┬─ leaf ──> frame         every table is one frame of `pages`
///           │         │         └─ leaf ──> frame
///           │         └─ (empty)
///           └─ kernel's tables, shared: entries copied from the kernel's root, never freed here
///
/// Tables grow as leaves are mapped and stay when leaves go: `freeTables` and `destroy` return
/// them. The value owns its tables; `destroy()` must be its last use. It never touches a TLB: who
/// narrows or moves a leaf invalidates it, with `TLBBatch` for many.
///
/// Invariants (`checkInvariants()`):
///   - each table is pointed to by exactly one entry, one level up, and lies in RAM;
///   - `counts[level]` is the number of tables of that level; the root counts as its level's one.
///
/// Lock: changes need the address space's page-table lock; reads need the tables kept alive.
/// Linux: `pgd_t *pgd` of `mm_struct`, mm/memory.c.
public struct PageTable<Frames: TableFrameSource>: ~Copyable {
  public let format: TranslationFormat
  public let pages: Frames
  /// The frame of the topmost table: what the hardware is given.
  public let root: PageFrameNumber
  /// The tables there are, per level.
  public internal(set) var counts: TableCounts
  /// Root entries from here up belong to the kernel's tables.
  let ownedRootEntries: UInt

  /// Tables that map nothing but what `kernelRoot` maps from `format.kernelStart` up.
  ///
  /// - Parameter kernelRoot: the kernel's own root, whose upper entries are copied, on formats
  ///   where one root serves both halves. nil: nothing is shared, and all of the address range
  ///   belongs to this value (arm64, and the kernel's own tables).
  public init(
    format: TranslationFormat, kernelRoot: PageFrameNumber? = nil, pages: Frames
  ) throws(AllocationError) {
    self.format = format
    self.pages = pages
    root = try pages.allocateTableFrame()
    counts = TableCounts()
    counts[format.root] = 1
    let all = format.entryCount(of: format.root)
    guard let kernelRoot, !format.hasHighRoot else {
      ownedRootEntries = all
      return
    }
    ownedRootEntries = format.index(of: format.kernelStart, at: format.root)
    for index in ownedRootEntries..<all {
      let shared = load(EntryLocation(table: kernelRoot, index: index))
      store(shared, at: EntryLocation(table: root, index: index))
    }
  }

  /// The tables of all levels, the root among them. Linux: `VmPTE` counts those below the root.
  public var tableCount: PageCount { counts.total }

  /// The bytes of the tables that Linux counts: those of the three lowest levels, without the
  /// root. Linux: `VmPTE`, `mm_pgtables_bytes()`.
  public var countedBytes: ByteCount { format.pageSize.bytes(in: countedPages) }

  /// The tables of which `countedBytes` tells the bytes.
  public var countedPages: PageCount {
    var tables: UInt = 0
    for level in 0..<min(format.root.rawValue, 3) { tables += counts[TranslationLevel(level)] }
    return PageCount(tables)
  }

  @inlinable
  var memory: DirectMap { pages.directMap }

  /// The leaf that maps `address`, one that admits nobody too; nil if there is none.
  ///
  /// - Complexity: O(levels).
  public func leaf(at address: VirtualAddress) -> Leaf? {
    guard let entry = leafEntry(at: address) else { return nil }
    var leaf = leaf(of: entry)
    let inside = address.rawValue & (format.span(of: entry.level).rawValue &- 1)
    leaf.frame = leaf.frame + PageCount(inside >> UInt(format.pageSize.shift))
    return leaf
  }

  /// What software keeps in the entry for `address`; nil if that is empty or a leaf.
  ///
  /// - Complexity: O(levels).
  public func softwareEntry(at address: VirtualAddress) -> SoftwareEntry? {
    let walk = walk(address)
    return walk.outcome == .software ? format.softwareEntry(in: walk.descriptor) : nil
  }

  /// The physical address behind `address`, whoever may use it; nil if no leaf maps it.
  ///
  /// - Complexity: O(levels). Linux: `slow_virt_to_phys()`.
  @inlinable @inline(__always)
  public func physicalAddress(of address: VirtualAddress) -> PhysicalAddress? {
    guard let page = format.walker.pageWalk(address, from: root, in: memory) else {
      return longWalkAddress(of: address)
    }
    return format.walker.physicalAddress(of: address, inPage: page)
  }

  /// A walk to the entry that decides about `address`.
  @inlinable @inline(__always)
  public func walk(_ address: VirtualAddress) -> TranslationWalk {
    format.walker.pageWalk(address, from: root, in: memory) ?? walk(address, to: .pte)
  }

  /// A walk to the entry of `level` for `address`, or to where the tables end above it.
  @usableFromInline
  func walk(_ address: VirtualAddress, to level: TranslationLevel) -> TranslationWalk {
    let walk = format.walker.walk(address, from: root, downTo: level, in: memory)
    return walk.isSettled ? walk : settled(walk, address, to: level)
  }

  /// Apart, so that the format is not copied where it is not needed.
  @inline(never)
  private func settled(
    _ walk: TranslationWalk, _ address: VirtualAddress, to level: TranslationLevel
  ) -> TranslationWalk {
    format.settled(walk, address, from: root, downTo: level, in: memory)
  }

  @usableFromInline @inline(never)
  func longWalkAddress(of address: VirtualAddress) -> PhysicalAddress? {
    let walk = walk(address, to: .pte)
    return walk.outcome == .leaf ? format.physicalAddress(of: address, in: walk) : nil
  }
}
