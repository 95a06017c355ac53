internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// The way from an address to its page and back, worked out at boot: the same answers as the page
/// allocator's, without asking it. Linux: `virt_to_slab()`, `slab_address()`.
@safe
struct SlabWindow: @unchecked Sendable {
  /// Where RAM begins and how long it is.
  private let start: UInt
  private let count: UInt
  /// The address of the first frame's descriptor.
  private let pages: UInt
  private let shift: UInt
  private let offsetMask: UInt
  /// The number of the first frame, for the boundaries of blocks.
  private let firstFrame: UInt

  init(_ allocator: Ref<PageAllocator>) {
    let map = allocator.pointee.directMap
    start = unsafe UInt(bitPattern: map.pointer(to: map.start))
    count = map.count.rawValue
    shift = UInt(map.pageSize.shift)
    offsetMask = map.pageSize.bytes.rawValue &- 1
    let first = map.frames.start
    let described = allocator.pointee.pages.start
    pages =
      allocator.pointee.pages[described].address
      &- (described.rawValue &- first.rawValue) &* Self.stride
    firstFrame = first.rawValue
  }

  /// The first page of the block that holds the byte at `address`; nil outside of RAM.
  @inline(__always)
  func headPage(of address: UInt) -> Ref<Page>? {
    let distance = address &- start
    guard distance < count else { return nil }
    let page = self.page(distance &>> shift)
    return page.pointee.flags.contains(.tail) ? head(of: page, distance &>> shift) : page
  }

  /// The slab that holds the byte at `address`, and how far into it that is; nil for what is none.
  @inline(__always)
  func slab(of address: UInt) -> (page: Ref<Page>, offset: UInt)? {
    let distance = address &- start
    guard distance < count else { return nil }
    let page = self.page(distance &>> shift)
    // Most slabs are one frame, or an object lies in the first: two flags, one comparison.
    if page.pointee.flags.intersection([.slab, .tail]) == .slab {
      return (page, distance & offsetMask)
    }
    return slabBehind(page, distance)
  }

  @inline(__always)
  private func slabBehind(
    _ tail: Ref<Page>, _ distance: UInt
  ) -> (page: Ref<Page>, offset: UInt)? {
    guard tail.pointee.flags.contains(.tail) else { return nil }
    let page = head(of: tail, distance &>> shift)
    guard page.pointee.flags.contains(.slab) else { return nil }
    return (page, start &+ distance &- self.address(of: page))
  }

  /// Where the bytes of `page` begin.
  @inline(__always)
  func address(of page: Ref<Page>) -> UInt {
    start &+ ((page.address &- pages) / Self.stride) &<< shift
  }

  private static var stride: UInt {
    @inline(__always) get { UInt(MemoryLayout<Page>.stride) }
  }

  @inline(__always)
  private func head(of tail: Ref<Page>, _ index: UInt) -> Ref<Page> {
    let mask = tail.pointee.order.pageCount.rawValue &- 1
    return page((firstFrame &+ index) & ~mask &- firstFrame)
  }

  @inline(__always)
  private func page(_ index: UInt) -> Ref<Page> {
    let address = pages &+ index &* Self.stride
    // SAFETY: each frame of RAM has a descriptor.
    return unsafe Ref(UnsafeMutablePointer<Page>(bitPattern: address).unsafelyUnwrapped)
  }
}
