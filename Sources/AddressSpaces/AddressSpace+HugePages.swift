internal import Machine
internal import MemoryTypes

/// Mappings of huge pages that an administrator reserved (hugetlbfs). None are reserved here, as on a
/// machine right after boot: such mappings can be made only where nothing is promised, and no access to
/// them succeeds.
extension AddressSpace {
  /// Checks the size asked for, and maps a file of such pages.
  ///
  /// - Throws: `invalidArgument` for a size the machine does not have, a misaligned place or a file
  ///   that has no huge pages; `outOfMemory` without `MAP_NORESERVE`. Else what `mmap` throws.
  ///
  /// Linux: `ksys_mmap_pgoff()`, mm/mmap.c; `hugetlb_file_setup()`, `hugetlb_get_unmapped_area()`.
  mutating func mapHugePages(_ request: MapRequest) throws(MapError) -> VirtualAddress {
    guard request.flags.contains(.anonymous), let size = hugePageSize(request.flags) else {
      throw .invalidArgument
    }
    var huge = request
    let mask = size.rawValue &- 1
    huge.length = ByteCount((request.length.rawValue &+ mask) & ~mask)
    guard huge.length > .zero else { throw .invalidArgument }
    let file = try services.makeHugePages(huge.length, size)
    // The area holds the file by itself from here on.
    defer { services.release(file) }
    huge.file = file
    huge.access = [.read, .write]
    if request.isFixed {
      guard request.address.rawValue & mask == 0 else { throw .invalidArgument }
    } else {
      huge.address = VirtualAddress((request.address.rawValue &+ mask) & ~mask)
    }
    return try mapPages(huge)
  }

  /// The size that the flags ask for; nil for one that the machine does not have.
  ///
  /// x86: what a middle and an upper table entry map. arm64: besides those, sixteen neighbours (more with
  /// larger pages) that the hardware takes for one. Linux: `hstate_sizelog()`, `hugetlbpage_init()`.
  private func hugePageSize(_ flags: MapFlags) -> ByteCount? {
    let shift = flags.hugePageShift
    guard shift > 0 else { return ByteCount(1 << UInt(defaultHugeShift)) }
    let known: Bool =
      switch (layout.architecture, pageSize) {
      case (.arm64, .size16K): shift == 21 || shift == 25 || shift == 30
      case (.arm64, .size64K): shift == 21 || shift == 29 || shift == 34
      case (.arm64, _): shift == 16 || shift == 21 || shift == 25 || shift == 30
      default: shift == 21 || shift == 30
      }
    return known && shift < UInt.bitWidth ? ByteCount(1 << UInt(shift)) : nil
  }

  /// What one table of the lowest level maps.
  private var defaultHugeShift: UInt8 {
    layout.architecture == .i386 ? 21 : 2 * pageSize.shift - 3
  }

  /// Linux: `hugetlbfs_file_mmap()`, `hugetlb_reserve_pages()`.
  func askForHugePages(_ area: VMA, _ file: Ref<MappedFile>) throws(MapError) {
    let pages = file.pointee.blockSize.rawValue >> UInt(pageSize.shift)
    guard area.pageOffset & (pages &- 1) == 0 else { throw .invalidArgument }
    guard area.flags.contains(.noReserve) else { throw .outOfMemory }
  }
}
