public import Machine
public import MemoryTypes
public import PhysicalMemory

/// The page allocator gives the frames of tables once it stands.
///
/// Their descriptors carry `PageFlags.table`. Linux: `pagetable_alloc()`, `pagetable_free()`.
extension Ref: TableFrameSource where Object == PageAllocator {
  public var directMap: DirectMap { pointee.directMap }

  public func allocateTableFrame() throws(AllocationError) -> PageFrameNumber {
    let page = try pointee.allocatePage(flags: [.kernel, .zeroed, .accounted])
    page.pointee.flags.insert(.table)
    return pointee.frame(of: page)
  }

  public func freeTableFrame(_ frame: PageFrameNumber) {
    let page = pointee.page(of: frame)
    page.pointee.flags.remove(.table)
    pointee.freePage(page)
  }
}
