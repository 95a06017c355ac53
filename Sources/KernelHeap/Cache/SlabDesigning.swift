public import MemoryTypes
internal import PhysicalMemory

/// What a design does for a cache. The conforming type is a view of one core: it holds nothing but
/// the reference, and its state stands behind the core, in the bytes that `bodySize` asks for.
protocol SlabDesigning {
  init(_ core: Ref<SlabCore>)

  /// The bytes of state behind each core.
  static func bodySize(of machine: HeapMachine) -> Int

  /// How slabs of objects of that kind are cut.
  static func geometry(_ request: SlabRequest, of machine: HeapMachine) -> SlabGeometry

  /// Makes the state of a new cache, which has no slab. The body is zero bytes before.
  func make()

  /// A free object, constructed but not cleared. Linux: `slab_alloc_node()`.
  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UInt

  /// Takes an object back, after the core checked that it is one of this cache and design.
  func free(_ object: UInt, in slab: Ref<Page>)

  /// Gives back every slab without objects; the pages that made.
  func shrink() -> PageCount

  /// Objects and slabs as they are now; exact while nobody allocates or frees.
  var counts: SlabCounts { get }

  /// Calls `body` with the address of each object that lives. While nobody allocates or frees.
  func forEachObject(_ body: (UInt) -> Void)

  /// Traps unless the state is sound. While nobody allocates or frees.
  func checkInvariants()

  /// Traps unless one slab of the cache is. While nobody allocates or frees. O(slots of the slab).
  func checkInvariants(of slab: Ref<Page>)
}

/// What a cache has.
public struct SlabCounts: Hashable, Sendable {
  /// The objects that live.
  public var activeObjects: UInt = 0
  /// The slots of all slabs.
  public var totalObjects: UInt = 0
  /// The slabs, full, partial and empty.
  public var slabs: UInt = 0
  /// The frames of all slabs.
  public var pages = PageCount.zero
}

/// What the machine is like, as far as designs ask.
struct HeapMachine {
  let pageSize: PageSize
  let processors: Int
  let nodes: Int
  let options: HeapOptions
}
