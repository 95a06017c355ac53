public import Machine
public import MemoryTypes
import PageTables
public import PhysicalMemory

/// The smallest address space there is: one range whose pages come at the first touch.
///
/// It lives in a slab object and is changed by the trap handler; one processor uses it.
public struct DemandSpace: ~Copyable {
  private let range: VirtualRange
  private var table: PageTable<AllocatorFrames>
  private let pages: Ref<PageAllocator>
  /// How many faults were served.
  public private(set) var faultCount = 0

  /// An empty space over `range`. Throws, and takes nothing, without a frame for the root table.
  public init(
    _ range: VirtualRange, format: TranslationFormat, kernelRoot: PageFrameNumber?,
    pages: Ref<PageAllocator>
  ) throws(AllocationError) {
    self.range = range
    self.pages = pages
    table = try PageTable(format: format, kernelRoot: kernelRoot, pages: AllocatorFrames(pages))
  }

  /// The frame of the root table, for the hardware.
  public var root: PageFrameNumber { table.root }

  /// All tables, the root among them.
  public var tableCount: PageCount { table.tableCount }

  /// Puts a cleared frame under `address`, after which the access succeeds.
  ///
  /// False when the address is not this space's, is mapped already, so that the access itself was
  /// wrong, or no frame is left. Linux: `do_anonymous_page()`, mm/memory.c.
  public mutating func serveFault(at address: VirtualAddress, on hardware: some Hardware) -> Bool {
    guard range.contains(address), table.leaf(at: address) == nil else { return false }
    do throws(AllocationError) {
      let page = try pages.pointee.allocatePage(flags: [.userMovable, .zeroed])
      do throws(AllocationError) {
        let frame = pages.pointee.frame(of: page)
        try table.map(address, to: frame, [.read, .write, .user, .accessed, .dirty])
      } catch {
        pages.pointee.freePage(page)
        return false
      }
    } catch {
      return false
    }
    hardware.publishTables()
    faultCount += 1
    return true
  }

  /// The frame that `address` is mapped to; nil without one.
  public func frame(at address: VirtualAddress) -> PageFrameNumber? {
    table.leaf(at: address)?.frame
  }

  /// Unmaps everything and gives the frames back once no TLB leads to them.
  public mutating func removePages(on hardware: some Hardware) {
    let pages = pages
    var batch = TLBBatch()
    table.unmap(range) { address, leaf in
      batch.add(address)
      batch.add(pages.pointee.page(of: leaf.frame))
    }
    batch.flush(on: hardware, asid: Self.asid, frames: table.pages) { pages.pointee.freePage($0) }
  }

  /// Gives the tables back. No processor may use the root any more; must be the last use.
  public mutating func destroy() { table.destroy() }

  /// The identifier of this space in the TLBs.
  public static var asid: ASID { ASID(1) }
}
