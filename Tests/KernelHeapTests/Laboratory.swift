import Machine
import MemoryTypes
import PhysicalMemory

/// RAM of a machine under test with a page allocator, whose bytes are not zero at boot.
@safe
final class Laboratory {
  private let memory: UnsafeMutableRawPointer
  let pages: Ref<PageAllocator>
  /// The free frames at boot: what must be free again in the end.
  let bootCount: PageCount

  init(frames: UInt = 4096, pageSize: PageSize = .size4K) throws {
    let bytes = pageSize.bytes(in: PageCount(frames))
    unsafe memory = .allocate(
      byteCount: Int(bytes.rawValue), alignment: Int(pageSize.bytes.rawValue))
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: Int(bytes.rawValue))
    let map = unsafe DirectMap(
      base: memory, start: PhysicalAddress(0x4000_0000), count: bytes, pageSize: pageSize)
    var memblock = try Memblock.describing(map)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: map, options: .plain(pageSize: map.pageSize))
    bootCount = pages.pointee.freePageCount
  }

  deinit { unsafe memory.deallocate() }

  var freeCount: PageCount { pages.pointee.freePageCount }

  /// Whether every frame is back.
  var isAsAtBoot: Bool { freeCount == bootCount }

  /// Takes every frame there is.
  func exhaust() {
    while (try? pages.pointee.allocatePage(flags: .noWait)) != nil {}
  }
}
