internal import Machine
internal import MemoryTypes

/// Hands out the hardware's tags for address spaces, and starts over when they run out.
///
/// Each round is a generation: a space whose generation is not the current one gets a new tag the next
/// time it runs, and the whole TLB is forgotten once between two rounds.
/// Linux: arch/arm64/mm/context.c; `choose_new_asid()`, arch/x86/mm/tlb.c.
struct ASIDAllocator {
  private(set) var generation: UInt64 = 1
  private var next: UInt16 = 1
  private let last: UInt16

  init(architecture: Architecture) {
    last =
      switch architecture {
      case .arm64: .max
      case .x86_64: 4095
      case .i386: 0
      }
  }

  /// The hardware has no tags: what is cached belongs to the space that ran last.
  var mustForgetAtEverySwitch: Bool { last == 0 }

  /// A tag for a space, and whether the TLB must be forgotten before it is used.
  mutating func allocate() -> (asid: ASID, mustForgetAll: Bool) {
    guard next <= last, next > 0 else {
      generation += 1
      next = 2
      return (ASID(1), true)
    }
    defer { next &+= 1 }
    return (ASID(next), false)
  }
}
