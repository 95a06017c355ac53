import KernelHeap
public import MemoryTypes
public import PhysicalMemory

/// A heap led through a random history.
///
/// Each object is filled when it is taken and looked at, byte by byte, when it is given back: two
/// that overlap, or one that is handed out twice, cannot both keep their bytes. After each step the
/// slab that was touched is checked; `check()` checks everything.
public final class HeapTrial {
  public let setting: HeapSetting
  let pages: Ref<PageAllocator>
  var heap: KmallocCaches
  let caches: InlineArray<4, SlabCache>
  private(set) var random: SeededGenerator
  /// Says which processor the calling thread is from now on.
  private let enter: (Int) -> Void
  private let processors: Int
  private let bootCount: PageCount
  var living: [LivingObject] = []
  private var mark: UInt8 = 0
  /// Whether more is taken than given: the number of objects goes up and down.
  private var isGrowing = true
  /// Requests that got no memory, and changed nothing.
  public private(set) var refusals = 0

  /// Boots a heap on a machine that has none. The history is that of `seed`.
  public init(
    _ setting: HeapSetting, on pages: Ref<PageAllocator>, processors: Int, seed: UInt64,
    enter: @escaping (Int) -> Void
  ) throws(AllocationError) {
    self.setting = setting
    self.pages = pages
    self.processors = processors
    self.enter = enter
    random = SeededGenerator(seed: seed)
    bootCount = pages.pointee.freePageCount
    try SlabHeap.boot(setting.options, on: pages)
    heap = try KmallocCaches(pages: pages, kinds: [.dma, .reclaimable, .accounted])
    caches = [
      try SlabCache(Self.requests[0], pages: pages), try SlabCache(Self.requests[1], pages: pages),
      try SlabCache(Self.requests[2], pages: pages), try SlabCache(Self.requests[3], pages: pages),
    ]
  }

  /// Small and merged; with lists of free objects outside of them; not a power of two, on cache
  /// lines; and larger than a page.
  static var requests: [SlabRequest] {
    [
      SlabRequest(name: "small", objectSize: ByteCount(24)),
      SlabRequest(name: "kept", objectSize: ByteCount(128), flags: .typeSafeByRCU),
      SlabRequest(
        name: "odd", objectSize: ByteCount(328), flags: [.cacheLineAligned, .reclaimable]),
      SlabRequest(name: "large", objectSize: ByteCount(5000)),
    ]
  }

  /// One step.
  public func step() throws(HeapDisagreement) {
    let draw = random.next(below: 1000)
    switch draw {
    case 0..<200: enter(Int(random.next(below: UInt32(processors))))
    case 200..<203: tidy()
    case 203..<205: pages.pointee.faultPlan = .failing(nth: random.next(below: 8) + 1)
    case 205: pages.pointee.faultPlan = .failing(everyNth: 1)
    case 206..<208: pages.pointee.faultPlan = .none
    case 208..<240: try resize()
    default: try takeOrGive()
    }
  }

  private func takeOrGive() throws(HeapDisagreement) {
    if living.count > 3000 { isGrowing = false }
    if living.count < 100 { isGrowing = true }
    if random.next(below: 100) < (isGrowing ? 56 : 44) { return try take() }
    guard let place = drawLiving() else { return }
    living.swapAt(place, living.count - 1)
    try give(living.removeLast())
  }

  /// What a shrinker and a timer do.
  private func tidy() {
    heap.shrink()
    for cache in caches.indices {
      caches[cache].shrink()
      for processor in 0..<processors { caches[cache].reap(processor: processor) }
    }
  }

  /// Everything, and that nothing is lost. O(frames of the machine).
  public func check() throws(HeapDisagreement) {
    heap.checkInvariants()
    for cache in caches.indices { caches[cache].checkInvariants() }
    for object in living { try object.check() }
    for cache in caches.indices { try checkCount(of: cache) }
  }

  private func checkCount(of cache: Int) throws(HeapDisagreement) {
    // Caches that share slabs count all objects of them.
    guard !caches[cache].isShared else { return }
    let count = living.lazy.filter { $0.cache == cache }.count
    guard caches[cache].activeObjects == count else {
      throw HeapDisagreement(
        "\(caches[cache].name) has \(caches[cache].activeObjects) objects, not \(count)")
    }
  }

  /// Gives everything back, and the heap; every frame must be free again.
  public func finish() throws {
    pages.pointee.faultPlan = .none
    while let object = living.popLast() { try give(object) }
    try check()
    for cache in caches.indices { try caches[cache].destroy() }
    try heap.destroy()
    SlabHeap.end(of: pages)
    pages.pointee.checkInvariants()
    guard pages.pointee.freePageCount == bootCount else {
      throw HeapDisagreement("\(pages.pointee.freePageCount) frames are free, not \(bootCount)")
    }
    enter(0)
  }
}

extension HeapTrial {
  func drawLiving() -> Int? {
    living.isEmpty ? nil : Int(random.next(below: UInt32(living.count)))
  }

  func nextMark() -> UInt8 {
    mark &+= 1
    return mark
  }

  func draw(below limit: UInt32) -> UInt32 { random.next(below: limit) }

  func refuse() { refusals += 1 }
}
