public import MemoryTypes
public import PhysicalMemory

/// A cache of objects of one Swift type, which it initialises and deinitialises.
///
/// It never shares slabs, so that its counts are those of the type, and whoever takes it down learns
/// of objects that live.
///
/// Linux: `KMEM_CACHE()`, include/linux/slab.h.
public struct TypedCache<Object: ~Copyable>: ~Copyable {
  /// The cache of their slots, for its counts, plan and invariants.
  public let slots: SlabCache

  /// Makes a cache; see `SlabCache.init`.
  public init(
    name: StaticString, pages: Ref<PageAllocator>, processors: Int? = nil
  ) throws(AllocationError) {
    var request = SlabRequest(
      name: name, objectSize: ByteCount(UInt(max(MemoryLayout<Object>.size, 1))),
      alignment: ByteCount(UInt(MemoryLayout<Object>.alignment)), flags: .unmergeable)
    request.processors = processors
    slots = try SlabCache(request, pages: pages)
  }

  /// Moves `value` into a slot. Throws, with `value` destroyed, when there is none.
  @inline(__always)
  public func allocate(
    _ value: consuming Object, flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> Ref<Object> {
    let slot = unsafe try slots.allocate(flags: flags)
    // SAFETY: the slot has the type's size and alignment and is nobody else's.
    let object = unsafe slot.bindMemory(to: Object.self, capacity: 1)
    unsafe object.initialize(to: value)
    return unsafe Ref(object)
  }

  /// Moves what `make` returns into a slot, which is taken first and given back when `make` throws:
  /// for values that own something and must not be made in vain.
  public func allocate(
    flags: AllocationFlags = .kernel, making make: () throws(AllocationError) -> Object
  ) throws(AllocationError) -> Ref<Object> {
    let slot = unsafe try slots.allocate(flags: flags)
    // SAFETY: as in `allocate(_:flags:)`.
    let object = unsafe slot.bindMemory(to: Object.self, capacity: 1)
    do {
      unsafe object.initialize(to: try make())
    } catch {
      unsafe slots.free(slot)
      throw error
    }
    return unsafe Ref(object)
  }

  /// Destroys the object and takes its slot back; see `SlabCache.free(_:)`.
  @inline(__always)
  public func free(_ object: Ref<Object>) {
    // SAFETY: the caller gives the object up; a foreign one traps below.
    unsafe object.pointer.deinitialize(count: 1)
    unsafe slots.free(UnsafeMutableRawPointer(object.pointer))
  }
}
