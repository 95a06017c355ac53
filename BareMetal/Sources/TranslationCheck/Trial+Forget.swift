public import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// How narrow an invalidation is.
enum ForgetWay {
  case pages
  case range
  case space
  case all
}

extension Trial {
  /// A way that reaches all that stands in `range` now: global leaves outlive their address space.
  mutating func drawWay(_ range: VirtualRange) -> ForgetWay {
    switch random.next(below: 8) {
    case 0: return .all
    case 1, 2:
      var hasGlobal = false
      tables.forEachLeaf(in: range) { _, leaf in
        hasGlobal = hasGlobal || leaf.attributes.contains(.global)
      }
      return hasGlobal ? .pages : .space
    case 3, 4: return processor.forgetsRanges ? .range : .pages
    default: return .pages
    }
  }

  /// Forgets on both sides, by the same instructions.
  mutating func forget(_ range: VirtualRange, _ way: ForgetWay) {
    guard range.start != range.end else { return }
    let isARM = format.hasHighRoot
    tally.forgotten += 1
    switch processor.forget(range, way, mmu.asid) {
    case .pages:
      var page = format.pageSize.roundDown(range.start)
      while page < range.end {
        mmu.tlb.forget(isARM ? .vae1is(page, mmu.asid) : .invlpg(page, mmu.asid))
        page = page + format.pageSize.bytes
      }
    case .range: mmu.tlb.forget(.rvae1is(range, mmu.asid))
    case .space: mmu.tlb.forget(isARM ? .aside1is(mmu.asid) : .invpcid(mmu.asid))
    case .all: mmu.tlb.invalidateAll()
    }
  }

  mutating func forget() {
    processor.forget()
    mmu.tlb.invalidateAll()
  }
}

extension ASID {
  /// That of a round's own tables.
  public static var first: ASID { ASID(1) }
}

extension TestedProcessor {
  /// Forgets `range` that way, or a wider one where there are too many pages; which it was.
  @discardableResult
  func forget(_ range: VirtualRange, _ way: ForgetWay, _ asid: ASID) -> ForgetWay {
    let pageSize = format.pageSize
    let pages = range.count.rawValue >> UInt(pageSize.shift)
    switch way {
    case .pages where pages <= 64:
      var page = pageSize.roundDown(range.start)
      while page < range.end {
        forget(page, asid)
        page = page + pageSize.bytes
      }
      return .pages
    case .pages, .range:
      guard forgetsRanges, pages <= RangeInvalidation.pageLimit else { break }
      forget(range, asid)
      return .range
    case .space:
      forget(asid)
      return .space
    case .all: break
    }
    forget()
    return .all
  }
}
