internal import Machine
public import MemoryTypes

extension AddressSpace {
  /// Protects mappings from being unmapped, moved, resized, replaced, made accessible otherwise, or emptied
  /// by advice, until the space ends.
  ///
  /// - Parameters:
  ///   - start: Page-aligned; a tag is ignored.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  ///   - flags: Must be 0.
  /// - Throws: `notImplemented` before Linux 6.10 and on a 32-bit kernel, `invalidArgument`;
  ///   `outOfMemory` for a hole (nothing has changed then) or when an area cannot be split (those in
  ///   front are sealed).
  ///
  /// O(log n + VMAs of the range). Linux: `do_mseal()`, mm/mseal.c.
  public mutating func mseal(
    _ start: VirtualAddress, _ length: ByteCount, flags: UInt
  ) throws(MapError) {
    guard services.pointee.rules.contains(.hasSeals), layout.architecture != .i386 else {
      throw .notImplemented
    }
    let start = layout.untagged(start)
    guard flags == 0, pageSize.isAligned(start) else { throw .invalidArgument }
    let pages = pageSize.roundUp(length)
    guard pages > .zero || length == .zero else { throw .invalidArgument }
    let range = VirtualRange(start, count: pages)
    guard range.end >= range.start else { throw .invalidArgument }
    guard isMapped(range) else { throw .outOfMemory }
    try sealAreas(in: range)
  }

  private mutating func sealAreas(in range: VirtualRange) throws(MapError) {
    var position = range.start
    while position < range.end, let vma = vmas.vma(at: position) {
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      position = part.end
      if vma.pointee.flags.contains(.sealed) { continue }
      let sealed = try changeFlags(of: part, in: vma, vma.pointee.flags.union(.sealed))
      position = min(sealed.pointee.end, range.end)
    }
  }

  /// Whether no page of a range is a hole. Linux: `range_contains_unmapped()`, mm/mseal.c.
  private func isMapped(_ range: VirtualRange) -> Bool {
    var position = range.start
    while position < range.end {
      guard let vma = vmas.vma(at: position) else { return false }
      position = vma.pointee.end
    }
    return true
  }
}
