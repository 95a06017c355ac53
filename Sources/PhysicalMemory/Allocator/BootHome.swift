public import MemoryTypes

/// Memory outside RAM for the tables of an allocator.
@safe
public struct BootHome {
  let start: UnsafeMutableRawPointer
  /// Nil where no frames stand behind the memory.
  let sectionOrder: Order?

  /// The memory of a machine that exists in its log only.
  ///
  /// Zeroed bytes, aligned to 64, as many as `PageAllocator.homeSize(memblock:directMap:options:)`
  /// says, which live as long as the allocator.
  @unsafe
  public init(_ start: UnsafeMutableRawPointer) {
    unsafe self.start = start
    sectionOrder = nil
  }

  /// A window of virtual addresses, for whose tables memblock gives frames: those of the descriptors
  /// of a section are of the node that the section is of, so that each node pays for itself. A host
  /// that cannot show the same bytes twice leaves these frames unused. Linux: `vmemmap`.
  ///
  /// - Parameters:
  ///   - start: As without frames.
  ///   - sectionOrder: Of the frames that are described together: `SectionSize`.
  @unsafe
  public init(window start: UnsafeMutableRawPointer, sectionOrder: Order) {
    unsafe self.start = start
    self.sectionOrder = sectionOrder
  }
}
