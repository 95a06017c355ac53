public import MemoryTypes
internal import Synchronization

/// What those who fill frames tell the allocator of them, for decisions that depend on how many
/// there are.
public enum PageUse: UInt8, CaseIterable, Sendable {
  /// Holds changes of a file that are not on its disk. Linux: `NR_FILE_DIRTY`.
  case dirty
  /// Its changes are on their way there. Linux: `NR_WRITEBACK`.
  case underWriteback
  /// Part of a file, on an LRU list. Linux: `NR_ACTIVE_FILE`, `NR_INACTIVE_FILE`.
  case listedFile
}

/// The frames of a zone by use. Any processor, at any time.
struct PageUses: ~Copyable, Sendable {
  private let counts = InlineArray<3, Atomic<UInt>> { _ in Atomic(0) }

  func add(_ change: Int, _ use: PageUse) {
    counts[Int(use.rawValue)].wrappingAdd(UInt(bitPattern: change), ordering: .relaxed)
  }

  /// A sum that is negative for a moment, when frames leave before others see them come, is 0.
  subscript(use: PageUse) -> PageCount {
    let sum = Int(bitPattern: counts[Int(use.rawValue)].load(ordering: .relaxed))
    return PageCount(UInt(bitPattern: max(sum, 0)))
  }
}

extension Zone {
  /// How many of the zone's frames are in that use, as far as it was told. Linux: `node_page_state()`.
  public func pageCount(_ use: PageUse) -> PageCount { uses[use] }
}

extension PageAllocator {
  /// Tells that the block of `page`, of `order`, came to a use. Linux: `folio_account_dirtied()`.
  public func begin(_ use: PageUse, of page: Ref<Page>, order: Order = .zero) {
    zones[page].pointee.uses.add(Int(bitPattern: order.pageCount.rawValue), use)
  }

  /// Tells that it is no more in that use: before the block is freed at the latest.
  /// Linux: `folio_account_cleaned()`.
  public func end(_ use: PageUse, of page: Ref<Page>, order: Order = .zero) {
    zones[page].pointee.uses.add(0 &- Int(bitPattern: order.pageCount.rawValue), use)
  }
}
