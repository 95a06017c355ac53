public import MemoryTypes

extension SimulatedHardware {
  public func invalidate(_ address: VirtualAddress, asid: ASID) {
    state.pointee.invalidations.pages &+= 1
    // The two architectures' instructions differ in what becomes of cached pointers to tables.
    let hasRanges = state.pointee.mmu(0).pointee.hasHighRoot
    forget(hasRanges ? .vae1is(address, asid) : .invlpg(address, asid))
  }

  public func invalidate(asid: ASID) {
    state.pointee.invalidations.spaces &+= 1
    forget(.aside1is(asid))
  }

  public func invalidateAll() {
    state.pointee.invalidations.all &+= 1
    forget(.vmalle1is)
  }

  /// By range where the architecture has it, else page by page up to Linux's limit.
  public func invalidate(_ range: VirtualRange, asid: ASID) {
    guard !range.isEmpty else { return }
    let pageSize = description.pageSize
    guard state.pointee.mmu(0).pointee.hasHighRoot else {
      return invalidateByPage(range, asid: asid)
    }
    guard description.tlb.forgetsRanges else {
      return invalidateByPage(range, asid: asid, limit: pageSize.bytes.rawValue / 8 - 1)
    }
    guard range.count.rawValue >> UInt(pageSize.shift) <= RangeInvalidation.pageLimit else {
      return invalidate(asid: asid)
    }
    var orders = RangeInvalidation(range, asid: asid, pageSize: pageSize)
    while let order = orders.next() {
      switch order {
      case .page(let address): invalidate(address, asid: asid)
      case .pages(let part):
        state.pointee.invalidations.ranges &+= 1
        forget(.rvae1is(part, asid))
      }
    }
  }

  /// Does `invalidation` on all processors.
  public func forget(_ invalidation: TLBInvalidation) {
    let machine = state
    for index in 0..<machine.pointee.processors {
      machine.pointee.mmu(index).pointee.tlb.forget(invalidation)
    }
    machine.pointee.invalidations.shootdowns &+= UInt64(machine.pointee.processors &- 1)
  }
}

/// Invalidations asked of a machine since it was built.
public struct InvalidationCounts: Hashable, Sendable {
  public var pages: UInt64 = 0
  /// Instructions that each named a range of pages.
  public var ranges: UInt64 = 0
  public var spaces: UInt64 = 0
  public var all: UInt64 = 0
  /// How often another processor than the one that asked had to forget something: x86 interrupts
  /// it for that, arm64 broadcasts.
  public var shootdowns: UInt64 = 0

  /// None yet.
  public init() {}

  /// What was asked, of any kind.
  public var total: UInt64 { pages &+ ranges &+ spaces &+ all }
}
