internal import Recordings

/// Which frees of a trace are of a batch.
///
/// A batch first tells `mm_page_free` for each of its pages, then does the work page by page and
/// tells `mm_page_free_batched` as it comes to each: that is when the page reaches a list.
struct BatchedFrees {
  private var batched: Set<Int> = []
  private var orders: [Int: UInt8] = [:]

  init(_ events: [KernelTraceEvent]) {
    var begun: [UInt64: (place: Int, order: UInt8)] = [:]
    for (place, event) in events.enumerated() {
      switch event.kind {
      case .free(let frame, let order): begun[frame] = (place, order)
      case .allocate(let frame, _, _, _): begun[frame] = nil
      case .freeBatched(let frame):
        guard let first = begun.removeValue(forKey: frame) else { continue }
        batched.insert(first.place)
        if first.order > 0 { orders[place] = first.order }
      default: break
      }
    }
  }

  /// Whether the `mm_page_free` at a place has its `mm_page_free_batched`.
  func isBatched(_ place: Int) -> Bool { batched.contains(place) }

  /// The order of the page that a `mm_page_free_batched` frees.
  func order(of place: Int) -> UInt8 { orders[place] ?? 0 }
}
