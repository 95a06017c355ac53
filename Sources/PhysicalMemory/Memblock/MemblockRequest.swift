public import MemoryTypes

/// What an early allocation asks for.
///
/// Linux: the arguments of `memblock_alloc_range_nid()`, mm/memblock.c.
public struct MemblockRequest: Hashable, Sendable {
  /// How far up the block may reach. Linux: `max_addr`.
  public enum Limit: Hashable, Sendable {
    /// The current limit. Linux: `MEMBLOCK_ALLOC_ACCESSIBLE`, 0, or `MEMBLOCK_ALLOC_NOLEAKTRACE`, 1.
    case accessible
    /// Any memory, mapped or not. Linux: `MEMBLOCK_ALLOC_ANYWHERE`.
    case anywhere
    /// Below this address.
    case below(PhysicalAddress)

    /// The limit that a number of the kernel's log stands for.
    public init(rawValue: UInt64) {
      switch rawValue {
      case 0, 1: self = .accessible
      case .max: self = .anywhere
      default: self = .below(PhysicalAddress(rawValue))
      }
    }
  }

  /// In bytes; 0 is refused.
  public var size: UInt64
  /// A power of two, in bytes.
  public var alignment: UInt64
  /// The node wanted; nil for any.
  public var node: Int32?
  /// Whether another node is as bad as nothing. Linux: `exact_nid`.
  public var isExactNode: Bool
  /// The lowest address wanted.
  public var minimum: PhysicalAddress
  public var limit: Limit
  /// Whether an address below `minimum` is better than nothing. True for the calls that give mapped
  /// memory, such as `memblock_alloc_try_nid()`; they also keep `limit` to the current limit.
  public var mayGoBelowMinimum: Bool

  public init(
    size: UInt64, alignment: UInt64 = 64, node: Int32? = nil, isExactNode: Bool = false,
    minimum: PhysicalAddress = PhysicalAddress(0), limit: Limit = .accessible,
    mayGoBelowMinimum: Bool = false
  ) {
    self.size = size
    self.alignment = alignment
    self.node = node
    self.isExactNode = isExactNode
    self.minimum = minimum
    self.limit = limit
    self.mayGoBelowMinimum = mayGoBelowMinimum
  }
}
