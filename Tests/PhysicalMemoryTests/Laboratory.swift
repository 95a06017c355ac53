import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport

/// RAM of a machine under test, and its memblock and page allocator.
@safe
final class Laboratory {
  private let memory: UnsafeMutableRawPointer
  private let words: UnsafeMutablePointer<UInt>
  let map: DirectMap
  let pages: Ref<PageAllocator>

  /// A machine with `frames` frames from `start` on, whose bytes are `filling` at boot.
  init(
    frames: UInt = 4096, start: UInt64 = 0x4000_0000, pageSize: PageSize = .size4K,
    maximumOrder: Order = Order(10), filling: UInt8 = 0xA5,
    prepare: (inout Memblock) throws(AllocationError) -> Void = { _ throws(AllocationError) in },
    configure: (inout PageAllocatorOptions) -> Void = { _ in }
  ) throws {
    let bytes = pageSize.bytes(in: PageCount(frames))
    unsafe memory = .allocate(
      byteCount: Int(bytes.rawValue), alignment: Int(pageSize.bytes.rawValue))
    unsafe memory.initializeMemory(as: UInt8.self, repeating: filling, count: Int(bytes.rawValue))
    map = unsafe DirectMap(
      base: memory, start: PhysicalAddress(start), count: bytes, pageSize: pageSize)
    let wordCount = Bitmap.wordCount(for: Int(frames))
    unsafe words = .allocate(capacity: wordCount)
    unsafe words.initialize(repeating: 0, count: wordCount)
    let untouched = unsafe Bitmap(words, count: Int(frames))
    var memblock = try Memblock.describing(map)
    try prepare(&memblock)
    // Every frame can be had, and each free merges at once, unless a test says otherwise.
    var options = PageAllocatorOptions.plain(pageSize: pageSize)
    options.maximumOrder = maximumOrder
    options.pageblockOrder = min(options.pageblockOrder, maximumOrder)
    configure(&options)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: map, options: options,
      untouched: filling == 0 ? untouched : nil)
  }

  deinit {
    unsafe memory.deallocate()
    unsafe words.deallocate()
  }

  /// The blocks of each order, lowest order first.
  var freeBlocks: [Int] {
    (0...pages.pointee.maximumOrder.rawValue).map {
      pages.pointee.freeBlockCount(of: Order($0))
    }
  }

  /// Takes the blocks below the largest order, which boot made of the end of RAM.
  func takeRemainders() throws {
    for order in 0..<pages.pointee.maximumOrder.rawValue {
      while pages.pointee.freeBlockCount(of: Order(order)) > 0 { _ = try take(order) }
    }
  }

  /// Allocates without a thought for failure; of the type that all pageblocks have at boot.
  func take(_ order: UInt8, _ flags: AllocationFlags = [.kernel, .movable]) throws -> Ref<Page> {
    try pages.pointee.allocatePages(order: Order(order), flags: flags)
  }

  func free(_ page: Ref<Page>, _ order: UInt8) {
    pages.pointee.freePages(page, order: Order(order))
  }

  func frame(_ page: Ref<Page>) -> UInt { pages.pointee.frame(of: page).rawValue }
}

/// Memory for the arrays of a memblock without a machine.
@safe
final class Arrays {
  let bytes: UnsafeMutableRawBufferPointer

  init(regions: Int) {
    unsafe bytes = .allocate(
      byteCount: 2 * regions * MemoryLayout<MemblockRegion>.stride,
      alignment: MemoryLayout<MemblockRegion>.alignment)
  }

  deinit { unsafe bytes.deallocate() }

  func memblock() -> Memblock { unsafe Memblock(arrays: bytes) }
}

extension PhysicalRange {
  /// The bytes of `frames` on a machine with pages of 4 KiB.
  init(_ frames: FrameRange) {
    self.init(UInt64(frames.start.rawValue) * 4096, UInt64(frames.end.rawValue) * 4096)
  }

  init(_ start: UInt64, _ end: UInt64) {
    self.init(PhysicalAddress(start), PhysicalAddress(end))
  }
}
