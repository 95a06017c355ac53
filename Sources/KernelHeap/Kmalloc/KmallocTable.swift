internal import MemoryTypes
internal import PhysicalMemory

/// The caches of kmalloc by kind and class, at one address: found with one load.
/// Linux: `kmalloc_caches`, `kmalloc_size_index`.
struct KmallocTable: ~Copyable {
  let window: SlabWindow
  let pages: Ref<PageAllocator>
  /// The class of each size up to 1024, by multiples of 8.
  fileprivate var smallClasses = InlineArray<128, UInt8>(repeating: 0)
  fileprivate var caches = InlineArray<72, Ref<SlabCore>?>(repeating: nil)

  /// One more than the largest class there may be.
  static var classCount: Int { 18 }

  init(_ pages: Ref<PageAllocator>, smallest: UInt) {
    window = SlabWindow(pages)
    self.pages = pages
    for step in 0..<128 {
      let size = ByteCount(max(UInt(step + 1) * 8, smallest))
      smallClasses[step] = UInt8(KmallocClass.index(of: size))
    }
  }
}

extension Ref where Object == KmallocTable {
  /// The class of `size`, 1 or more. Linux: `__kmalloc_index()`.
  @inline(__always)
  func classIndex(_ size: UInt) -> Int {
    guard size > 1024 else {
      let classes = unsafe UnsafeRawPointer(
        Ref<InlineArray<128, UInt8>>(&pointee.smallClasses).pointer)
      // SAFETY: sizes up to 1024 have the steps 0 to 127.
      return unsafe Int(
        (classes + Int((size &- 1) &>> 3)).assumingMemoryBound(to: UInt8.self).pointee)
    }
    return UInt.bitWidth &- (size &- 1).leadingZeroBitCount
  }

  /// The ordinary cache of a class, which must exist.
  @inline(__always)
  func cache(_ index: Int) -> Ref<SlabCore> {
    unsafe place(0, index).pointee.unsafelyUnwrapped
  }

  /// The cache of a row and class; nil where there is no such row.
  func cache(_ kind: KmallocKind, _ index: Int) -> Ref<SlabCore>? {
    unsafe place(kind.rawValue, index).pointee
  }

  func setCache(_ kind: KmallocKind, _ index: Int, to core: Ref<SlabCore>?) {
    unsafe place(kind.rawValue, index).pointee = core
  }

  func forEachCache(_ body: (Ref<SlabCore>) -> Void) {
    for kind in KmallocKind.allCases {
      for index in 1..<KmallocTable.classCount {
        if let cache = cache(kind, index) { body(cache) }
      }
    }
  }

  @inline(__always)
  private func place(_ kind: Int, _ index: Int) -> UnsafeMutablePointer<Ref<SlabCore>?> {
    let first = unsafe UnsafeMutableRawPointer(
      Ref<InlineArray<72, Ref<SlabCore>?>>(&pointee.caches).pointer)
    let offset = (kind &* 18 &+ index) &* MemoryLayout<Ref<SlabCore>?>.stride
    // SAFETY: kinds are below 4, classes below 18.
    return unsafe (first + offset).assumingMemoryBound(to: Ref<SlabCore>?.self)
  }
}
