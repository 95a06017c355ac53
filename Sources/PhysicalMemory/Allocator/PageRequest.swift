internal import MemoryTypes

/// What a caller wants, worked out. Linux: `struct alloc_context`, `prepare_alloc_pages()`.
struct PageRequest {
  let order: Order
  let flags: AllocationFlags
  /// Whose free lists serve it.
  let type: MigrateType
  /// The highest zone that it may use.
  let highest: Zone.Kind
  /// The node whose zonelist is followed.
  let node: Int
  /// The nodes that may serve, as bits.
  let allowed: UInt64
  /// What the first pass over the zones may do: stay well above the watermarks.
  let firstAttempt: AttemptFlags
}

extension PageAllocator {
  func request(
    _ order: Order, _ flags: AllocationFlags, _ policy: NodePolicy
  ) -> PageRequest {
    let node = policy.preferred.map(Int.init) ?? processorNodes[processors.index]
    let near: UInt64 = flags.contains(.thisNode) ? 1 &<< UInt64(node) : .max
    let allowed = policy.allowed & near
    let way = way(flags, from: node, allowed: allowed)
    return PageRequest(
      order: order, flags: flags, type: way.type, highest: way.highest, node: node,
      allowed: allowed, firstAttempt: way.attempt(flags))
  }
}
