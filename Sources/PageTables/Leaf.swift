public import Machine
public import MemoryTypes

/// What page tables say about one mapped address.
@frozen
public struct Leaf: Hashable, Sendable {
  /// The frame behind the address; in a walk over leaves, the first frame of the leaf.
  public var frame: PageFrameNumber
  public var attributes: LeafAttributes
  /// `.pte` for a base page; a higher level maps a larger block.
  public var level: TranslationLevel

  public init(
    frame: PageFrameNumber, attributes: LeafAttributes, level: TranslationLevel = .pte
  ) {
    self.frame = frame
    self.attributes = attributes
    self.level = level
  }
}
