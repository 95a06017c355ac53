public import Machine
public import MemoryTypes
public import PhysicalMemory

/// The page allocator as the source of table frames: what every table uses once the buddy stands.
public struct AllocatorFrames: TableFrameSource, Sendable {
  public let allocator: Ref<PageAllocator>

  public init(_ allocator: Ref<PageAllocator>) { self.allocator = allocator }

  public var directMap: DirectMap { allocator.pointee.directMap }

  public func allocateTableFrame() throws(AllocationError) -> PageFrameNumber {
    let page = try allocator.pointee.allocatePage(flags: [.kernel, .zeroed])
    page.pointee.flags.insert(.table)
    return allocator.pointee.frame(of: page)
  }

  public func freeTableFrame(_ frame: PageFrameNumber) {
    let page = allocator.pointee.page(of: frame)
    page.pointee.flags.remove(.table)
    allocator.pointee.freePage(page)
  }
}
