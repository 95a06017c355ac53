internal import Synchronization

/// How often the slow path of an allocator had to ask for relief, and what came of it.
struct SlowPathCounters: ~Copyable, Sendable {
  private let counts = InlineArray<9, Atomic<UInt>> { _ in Atomic(0) }

  /// Any processor, at any time.
  func count(_ event: SlowPathEvent) { counts[event.index].wrappingAdd(1, ordering: .relaxed) }

  subscript(event: SlowPathEvent) -> UInt { counts[event.index].load(ordering: .relaxed) }
}

/// What can happen to a request that no zone could serve at once. Linux: `enum vm_event_item`.
public enum SlowPathEvent: Hashable, Sendable {
  /// It waited for reclaim, in need of a zone of this kind at most. Linux: `ALLOCSTALL_DMA` and its
  /// kin.
  case stall(Zone.Kind)
  /// It waited for compaction, which moved something. Linux: `COMPACTSTALL`.
  case compactionStall
  /// There was no block for it after that. Linux: `COMPACTFAIL`.
  case compactionFailure
  /// There was one. Linux: `COMPACTSUCCESS`.
  case compactionSuccess
  /// A process was killed for it. Linux: `OOM_KILL`.
  case kill

  fileprivate var index: Int {
    switch self {
    case .stall(let kind): Int(kind.rawValue)
    case .compactionStall: 5
    case .compactionFailure: 6
    case .compactionSuccess: 7
    case .kill: 8
    }
  }
}

extension PageAllocator {
  /// How often it happened since boot.
  public func count(of event: SlowPathEvent) -> UInt { slowPath[event] }
}
