internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// The page allocator of a machine that exists in a log only: descriptors, lists and marks, but no
/// memory behind the frames.
@safe
final class TracedMachine {
  let pages: Ref<PageAllocator>
  /// What the allocator told since it was last asked.
  var told: ToldEvents {
    get { unsafe notebook.pointee.told }
    set { unsafe notebook.pointee.told = newValue }
  }

  private let home: SimulatedRAM
  private let arrays: UnsafeMutableRawBufferPointer
  private let notebook: UnsafeMutablePointer<Notebook>

  /// What the C functions of the allocator work on.
  struct Notebook {
    var processor = 0
    var told = ToldEvents()
  }

  /// What a machine is built from.
  struct Plan {
    var pageSize: PageSize
    var options: PageAllocatorOptions
    var memory: [(range: PhysicalRange, node: Int)]
    /// What the allocator does not get.
    var reserved: [PhysicalRange]
  }

  /// A machine with this memory.
  ///
  /// - Throws: `SimulationError` when the host has no memory for the descriptors, or the zones are
  ///   none that a machine can have.
  init(_ plan: Plan) throws(SimulationError) {
    let arrays = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
    unsafe self.arrays = unsafe arrays
    unsafe notebook = .allocate(capacity: 1)
    unsafe notebook.initialize(to: Notebook())
    do {
      // SAFETY: the arrays live as long as this object, and nobody else has them.
      var memblock = unsafe Memblock(arrays: arrays)
      for (range, node) in plan.memory { try memblock.add(range, node: Int32(clamping: node)) }
      for range in plan.reserved { try memblock.reserve(range) }
      let map = try Self.window(memblock, plan.pageSize)
      let size = PageAllocator.homeSize(memblock: memblock, directMap: map, options: plan.options)
      home = try SimulatedRAM(ByteCount((size.rawValue + 0xFFFF) & ~0xFFFF), plan.pageSize)
      pages = try unsafe PageAllocator.boot(
        memblock: &memblock, directMap: map, options: plan.options, home: BootHome(home.base))
    } catch let error as SimulationError {
      throw error
    } catch {
      throw .tooLittleMemory(bytes: 0)
    }
    unsafe pages.pointee.processors = ProcessorSource(context: notebook) { context in
      unsafe context!.assumingMemoryBound(to: Notebook.self).pointee.processor
    }
    for zone in pages.pointee.zones { zone.pointee.trace = trace }
  }

  /// A window that shows all frames, and behind which nothing is.
  private static func window(
    _ memblock: borrowing Memblock, _ pageSize: PageSize
  ) throws(SimulationError) -> DirectMap {
    guard let start = memblock.startOfDRAM, let end = memblock.endOfDRAM,
      let base = unsafe UnsafeMutableRawPointer(bitPattern: 1 << 30)
    else { throw .tooLittleMemory(bytes: 0) }
    return unsafe DirectMap(
      base: base, start: start, count: ByteCount(UInt(end.rawValue - start.rawValue)),
      pageSize: pageSize)
  }

  deinit {
    unsafe arrays.deallocate()
    unsafe notebook.deinitialize(count: 1)
    unsafe notebook.deallocate()
  }

  /// Which processor does what comes next.
  var processor: Int {
    get { unsafe notebook.pointee.processor }
    set { unsafe notebook.pointee.processor = newValue }
  }

  private var trace: AllocatorTrace {
    unsafe AllocatorTrace(context: notebook) { context, event, frame, order, type, donor, found in
      let notebook = unsafe context!.assumingMemoryBound(to: Notebook.self)
      switch AllocatorTrace.Event(rawValue: event) {
      case .drained:
        unsafe notebook.pointee.told.drains.append(
          ToldEvents.Drain(frame: UInt64(frame), order: order))
      case .fallback:
        unsafe notebook.pointee.told.fallbacks.append(
          TracedFallback(
            frame: UInt64(frame), order: order, fallbackOrder: found, type: type,
            fallbackType: donor))
      case .refilled: unsafe notebook.pointee.told.refilled += 1
      case nil: break
      }
    }
  }
}

/// What the allocator told: drained blocks and fallbacks, in their order.
struct ToldEvents {
  struct Drain: Equatable {
    var frame: UInt64
    var order: UInt8
  }

  var drains: ArraySlice<Drain> = []
  var fallbacks: [TracedFallback] = []
  /// Blocks that processors fetched.
  var refilled = 0

  var isAny: Bool { refilled > 0 || !drains.isEmpty || !fallbacks.isEmpty }
}
