internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// `/proc/kpageflags` and `/proc/kpagecount`, as data.
extension Kernel {
  /// What the frame is used for, in the bits that the kernel promises to user space; `KPF_NOPAGE`
  /// alone for a frame without a descriptor. Linux: `stable_page_flags()`, fs/proc/page.c.
  public func pageFlags(of frame: PageFrameNumber) -> UInt64 {
    guard pages.pointee.pages.contains(frame) else { return 1 << 20 }
    let page = pages.pointee.page(of: frame)
    let flags = page.pointee.flags
    var bits: UInt64 = 0
    func set(_ bit: UInt64, if isSet: Bool) { if isSet { bits |= 1 << bit } }
    set(2, if: flags.contains(.referenced))
    set(3, if: flags.contains(.upToDate))
    set(4, if: flags.contains(.dirty))
    set(5, if: page.pointee.isOnLRU)
    set(7, if: flags.contains(.slab))
    set(10, if: page.pointee.state == .free)
    set(11, if: page.pointee.mapCount > 0)
    set(14, if: flags.contains(.swapBacked))
    set(15, if: flags.contains(.head))
    set(16, if: flags.contains(.tail))
    set(26, if: flags.contains(.table))
    set(32, if: flags.contains(.reserved))
    return bits
  }

  /// How many page-table entries map the frame; 0 for one without a descriptor.
  ///
  /// Linux: `kpagecount_read()`.
  public func mapCount(of frame: PageFrameNumber) -> UInt64 {
    guard pages.pointee.pages.contains(frame) else { return 0 }
    return UInt64(max(pages.pointee.page(of: frame).pointee.mapCount, 0))
  }
}
