public import MemoryTypes

/// What decides how a cache cuts its slabs and with whom it shares them, as values: the rules by
/// themselves, for a kernel of any word size, without a heap.
public struct SlabShape: Hashable, Sendable {
  /// 1 or more.
  public var objectSize: ByteCount
  /// What objects are aligned to, as the kernel keeps it: a power of two.
  public var alignment: ByteCount
  public var flags: SlabFlags
  public var hasConstructor: Bool
  /// Whether a part of an object may be copied from and to user space.
  public var hasUserWindow: Bool
  /// Bytes of a pointer of the kernel.
  public var word: UInt

  public init(
    objectSize: ByteCount, alignment: ByteCount, flags: SlabFlags = [],
    hasConstructor: Bool = false, hasUserWindow: Bool = false,
    word: UInt = UInt(MemoryLayout<UInt>.size)
  ) {
    self.objectSize = objectSize
    self.alignment = alignment
    self.flags = flags
    self.hasConstructor = hasConstructor
    self.hasUserWindow = hasUserWindow
    self.word = word
  }

  /// What a slot takes: whole words, one more for the link where a free object keeps its bytes, up
  /// to the alignment. Nothing is added for debugging. Linux: `calculate_sizes()`.
  public var slotSize: ByteCount {
    var end = Self.up(objectSize.rawValue, to: word)
    if hasConstructor || flags.contains(.typeSafeByRCU) { end += word }
    return ByteCount(Self.up(end, to: alignment.rawValue))
  }

  /// Whether other caches may share the slabs: a constructor, a window of its own, or a freed object
  /// that stays what it was stand in the way. Linux: `slab_unmergeable()`.
  public var isMergeable: Bool {
    !hasConstructor && !hasUserWindow && flags.isDisjoint(with: .neverMerged)
  }

  /// Whether the slabs of a cache of this shape hold objects of `other` without wasting a word each.
  ///
  /// Linux: `find_mergeable()`.
  public func serves(_ other: SlabShape) -> Bool {
    guard isMergeable, other.isMergeable,
      flags.intersection(.mergedWhenSame) == other.flags.intersection(.mergedWhenSame)
    else { return false }
    let (own, wanted) = (slotSize.rawValue, other.slotSize.rawValue)
    return wanted <= own && own & (other.alignment.rawValue &- 1) == 0 && own - wanted < word
  }

  /// How slabs are cut. Linux: `calculate_order()`, `set_cpu_partial()`.
  public func geometry(pageSize: PageSize, processors: Int) -> SlabGeometry {
    SlabGeometry(
      objectSize: slotSize, alignment: alignment, pageSize: pageSize, processors: processors)
  }

  private static func up(_ size: UInt, to step: UInt) -> UInt { (size &+ step &- 1) & ~(step &- 1) }
}
