// Per-CPU memory: one object for each processor, at one distance from each other.
//
// A chunk has a unit for each processor, and what is allocated stands at the same place in every
// unit; the address of processor n's is that of the first one's plus n units:
//
//   chunk   | unit of 0       | unit of 1       | unit of 2 …
//           |   ##  ####      |   ##  ####      |   ##  ####
//               ^ base            ^ base + unit offset of 1
//
// One map of bits, one for 4 bytes, serves all units of a chunk; a second one says where areas
// begin and end. Each page has a hint (longest free run, first free bit, free bits at either end),
// and so has the chunk; a search walks hints and only then bits. Chunks stand in slots by their
// longest free run; an allocation takes the first fit of the first chunk that may have one.
//
// Pages of a chunk get frames when an area first needs them, where a `PerCPUSpace` gives addresses;
// `balance()` keeps a few empty pages ready for those who cannot
// wait, ends chunks that are free, and takes frames from pages that are. Without a space a chunk
// is one block of frames.
//
// The first chunk is made at boot, in one block: static data of the kernel first, which no map
// serves; then what modules' static data takes (the reserved chunk); then the dynamic area.
//
// Invariants (`checkInvariants()`): hints say what the maps say; each chunk is in the slot of its
// longest run; bits in use = sum over areas; areas are whole (a bound at either end, all bits set);
// an area's pages have frames; empty pages, pages with frames and areas are as counted.
//
// Lock order: growth, then slots, or growth, then the zone lock. Frames for chunks are asked for
// without direct relief, because the growth lock is held.
//
// Linux: mm/percpu.c, mm/percpu-vm.c, mm/percpu-km.c (6.12).
internal import Machine
public import MemoryTypes
public import PhysicalMemory

/// Memory of which each processor has its own.
///
/// This value owns it; whoever ends the value calls `destroy()` first. The other methods may be
/// called by several processors at once.
public struct PerCPUAllocator: ~Copyable {
  let core: Ref<PerCPUCore>

  /// Makes the first units, cleared, in one block of frames, whose surplus goes back.
  ///
  /// - Parameter space: Where later chunks get addresses; nil for blocks of frames.
  ///
  /// Throws when there is no such block, and keeps nothing then. Linux: `setup_per_cpu_areas()`,
  /// `pcpu_embed_first_chunk()`, `pcpu_setup_first_chunk()`.
  public init(
    _ layout: PerCPULayout, pages: Ref<PageAllocator>, space: PerCPUSpace? = nil
  ) throws(AllocationError) {
    core = try PerCPUCore.make(layout, pages, space)
  }

  public var layout: PerCPULayout { core.pointee.layout }

  /// The kernel's static area. Linux: `__per_cpu_start`.
  public var staticArea: PerCPUAddress { PerCPUAddress(rawValue: core.pointee.base) }

  /// Where processor `n` has its own. Linux: `per_cpu_ptr()`.
  @inline(__always)
  public func pointer(to address: PerCPUAddress, of n: Int) -> UnsafeMutableRawPointer {
    precondition(
      UInt(bitPattern: n) < UInt(bitPattern: core.pointee.layout.processors), "no such processor")
    let place = address.rawValue &+ core.pointee.layout.unitOffset(of: n)
    // SAFETY: what was allocated is at address 0 for nobody.
    return unsafe UnsafeMutableRawPointer(bitPattern: place).unsafelyUnwrapped
  }

  /// Where the processor that runs has its own. Linux: `this_cpu_ptr()`.
  @inline(__always)
  public func pointerOfThisProcessor(to address: PerCPUAddress) -> UnsafeMutableRawPointer {
    unsafe pointer(to: address, of: core.pointee.pages.pointee.processors.index)
  }

  /// `size` bytes for each processor, cleared; `alignment` is a power of two up to a page.
  ///
  /// With flags that may not wait only pages that have frames serve. Throws when there is no
  /// memory, for 0 bytes, more than 32 KiB, and other alignments; nothing has changed then.
  /// O(chunks × pages). Linux: `pcpu_alloc()`, `__alloc_percpu_gfp()`.
  public func allocate(
    _ size: ByteCount, alignment: ByteCount = ByteCount(8), flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> PerCPUAddress {
    try core.allocate(size, alignment, flags, fromReserved: false)
  }

  /// The same from the reserved area, for the static data of a module.
  ///
  /// Linux: `__alloc_reserved_percpu()`.
  public func allocateReserved(
    _ size: ByteCount, alignment: ByteCount = ByteCount(8)
  ) throws(AllocationError) -> PerCPUAddress {
    try core.allocate(size, alignment, .kernel, fromReserved: true)
  }

  /// Takes back what was allocated. Traps on any other address. Linux: `free_percpu()`.
  public func free(_ address: PerCPUAddress) { core.free(address.rawValue) }

  /// How many bytes `address`, which was allocated, has for each processor.
  ///
  /// Linux: `pcpu_alloc_size()`.
  public func size(of address: PerCPUAddress) -> ByteCount { core.size(of: address.rawValue) }

  /// Whether `balance()` has something to do. Linux: `pcpu_balance_work`.
  public var wantsBalance: Bool { core.pointee.slots.withLock { $0.wantsBalance } }

  /// Ends free chunks but one, takes frames from empty pages and keeps a few of them ready.
  ///
  /// Linux: `pcpu_balance_workfn()`.
  public func balance() { core.balance() }

  /// The frames of all units: `Percpu:` of /proc/meminfo, in pages, without the chunks' maps.
  ///
  /// Linux: `pcpu_nr_pages()`.
  public var pageCount: PageCount {
    let perUnit = core.pointee.slots.withLock { $0.populatedCount }
    return PageCount(UInt(perUnit) * UInt(layout.processors))
  }

  /// Which allocations shall fail although there is memory.
  public var faultPlan: FaultPlan {
    get { core.pointee.faults.plan }
    nonmutating set { core.pointee.faults.plan = newValue }
  }

  /// Gives everything back; the value must not be used after. Throws, and leaves all as it is,
  /// while areas are allocated.
  public func destroy() throws(SlabCacheError) { try core.destroy() }

  /// Traps unless maps, hints, slots and counts agree. While nobody allocates or frees.
  public func checkInvariants() { core.checkInvariants() }
}

/// What stands for an object of each processor: the address of the first one's.
///
/// Linux: a `__percpu` pointer.
public struct PerCPUAddress: Hashable, Sendable {
  public let rawValue: UInt

  @inline(__always)
  init(rawValue: UInt) { self.rawValue = rawValue }
}
