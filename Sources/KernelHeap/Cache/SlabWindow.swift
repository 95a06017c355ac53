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
  /// The number of the first frame, for the boundaries of blocks.
  private let firstFrame: UInt

  init(_ allocator: Ref<PageAllocator>) {
    let map = allocator.pointee.directMap
    start = unsafe UInt(bitPattern: map.pointer(to: map.start))
    count = map.count.rawValue
    shift = UInt(map.pageSize.shift)
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
