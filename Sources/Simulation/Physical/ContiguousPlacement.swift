internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// Where the default area for contiguous allocations goes.
///
/// From 4 GiB upwards if memory reaches that far beyond, so that compaction moves pages out of it and
/// the zones of limited devices stay clear; else as high as devices reach. Linux:
/// `cma_declare_contiguous_nid()`, mm/cma.c (5.15 and later).
struct ContiguousPlacement {
  private let size: UInt64
  private let alignment: UInt64
  private let kernel: BootKernel
  private let run: BootRun

  /// - Parameter size: Rounded up to page blocks.
  init(size: UInt64, _ kernel: BootKernel, _ run: BootRun) {
    let block = UInt64(kernel.pageSize.bytes(in: kernel.blockOrder.pageCount).rawValue)
    let (padded, overflow) = size.addingReportingOverflow(block - 1)
    self.size = overflow ? .max : padded & ~(block - 1)
    alignment = block
    self.kernel = kernel
    self.run = run
  }

  /// Nil when there is no room.
  func placement(in memblock: borrowing Memblock) -> PhysicalAddress? {
    let fourGiB: UInt64 = 1 << 32
    guard let end = memblock.endOfDRAM else { return nil }
    var request = MemblockRequest(
      size: size, alignment: alignment, isExactNode: true,
      limit: .below(limit(memblock, end)))
    if end.rawValue >= fourGiB, end.rawValue - fourGiB >= size {
      request.minimum = PhysicalAddress(fourGiB)
      if let found = memblock.placement(of: request, .bottomUp) { return found }
    }
    request.minimum = PhysicalAddress(0)
    return memblock.placement(of: request)
  }

  /// What the most limited devices reach, in whole blocks.
  private func limit(
    _ memblock: borrowing Memblock, _ end: PhysicalAddress
  ) -> PhysicalAddress {
    let layout = kernel.layout(memblock, run)
    var reach = min(end, memblock.currentLimit)
    if case .arm64 = kernel.architecture {
      if kernel.kinds.contains(.dma) {
        reach = min(reach, layout.dmaEnd)
      } else if kernel.kinds.contains(.dma32) {
        reach = min(reach, layout.dma32End)
      }
    }
    return PhysicalAddress(reach.rawValue & ~(alignment - 1))
  }
}
