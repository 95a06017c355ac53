public import MemoryTypes
public import PhysicalMemory

/// A cache with a reserve of objects that is touched only when there is no memory.
///
/// Whoever waits for an object of the pool gets one in the end, because objects come back: what
/// writes to disk to free memory must not need memory for it. Linux: `mempool_t`, mm/mempool.c.
///
/// This value owns the pool; whoever ends it calls `destroy()` first. The other methods may be
/// called by several processors at once.
public struct MemoryPool: ~Copyable {
  /// Where objects come from while there is memory.
  public let cache: SlabCache
  /// How many objects are kept back.
  public let minimum: Int
  private let reserve: SpinLock<PoolReserve>

  /// Makes a pool with `minimum` objects, 1 or more, in reserve.
  ///
  /// Throws when there is no memory for them; nothing is left then.
  /// Linux: `mempool_create_slab_pool()`.
  public init(
    _ request: SlabRequest, minimum: Int, pages: Ref<PageAllocator>
  ) throws(AllocationError) {
    precondition(minimum > 0, "a pool without a reserve")
    precondition(
      request.objectSize.rawValue >= UInt(MemoryLayout<UInt>.size), "too small to be chained")
    let cache = try SlabCache(request, pages: pages)
    var kept = PoolReserve()
    do throws(AllocationError) {
      while kept.count < minimum {
        let object = unsafe try cache.allocate()
        unsafe kept.push(object)
      }
    } catch {
      while let object = unsafe kept.pop() { unsafe cache.free(object) }
      try? cache.destroy()
      throw error
    }
    self.cache = cache
    self.minimum = minimum
    reserve = SpinLock(kept)
  }

  /// How many objects are in reserve at this moment.
  public var reserveCount: Int { reserve.withLock { $0.count } }

  /// An object from the cache, or else from the reserve.
  ///
  /// Throws when the reserve is empty too: who may wait tries again when an object has come back.
  /// Linux: `mempool_alloc()`.
  public func allocate(
    flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    let light = flags.subtracting([.directReclaim, .noFail])
      .union([.noRetry, .noWarning, .noReserves])
    do throws(AllocationError) {
      return try unsafe cache.allocate(flags: light)
    } catch {
      let address = reserve.withLock { reserve in unsafe UInt(bitPattern: reserve.pop()) }
      guard let object = unsafe UnsafeMutableRawPointer(bitPattern: address) else { throw error }
      if flags.contains(.zeroed) {
        // SAFETY: an object of the cache, and the caller's.
        unsafe object.initializeMemory(
          as: UInt8.self, repeating: 0, count: Int(cache.objectSize.rawValue))
      }
      return unsafe object
    }
  }

  /// Takes an object back: into the reserve while that is short. Linux: `mempool_free()`.
  public func free(_ object: UnsafeMutableRawPointer) {
    let address = UInt(bitPattern: object)
    let minimum = self.minimum
    let wasKept = reserve.withLock { reserve -> Bool in
      guard reserve.count < minimum, let kept = unsafe UnsafeMutableRawPointer(bitPattern: address)
      else { return false }
      unsafe reserve.push(kept)
      return true
    }
    if !wasKept { unsafe cache.free(object) }
  }

  /// Gives the reserve and the cache back; the pool must not be used after.
  ///
  /// Throws while objects live, and leaves the pool whole, but for its reserve, which the next
  /// freed objects fill. Linux: `mempool_destroy()`.
  public func destroy() throws(SlabCacheError) {
    while true {
      let address = reserve.withLock { reserve in unsafe UInt(bitPattern: reserve.pop()) }
      guard let object = unsafe UnsafeMutableRawPointer(bitPattern: address) else { break }
      unsafe cache.free(object)
    }
    try cache.destroy()
  }
}
