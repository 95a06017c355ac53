public import MemoryTypes

extension VMATree {
  /// The highest free range of at least `length` bytes inside `limits`, cut to them. O(log n) typical.
  ///
  /// Gaps are what VMAs leave; a stack's guard gap is the caller's business.
  /// Linux: `mas_empty_area_rev()`.
  public func highestGap(of length: ByteCount, in limits: VirtualRange) -> VirtualRange? {
    guard limits.end.rawValue >= length.rawValue, !limits.isEmpty else { return nil }
    let top = VirtualRange(max(last?.pointee.end ?? VirtualAddress(0), limits.start), limits.end)
    if !top.isEmpty, top.count >= length { return top }
    return highestGap(below: tree.root, length, limits)
  }

  /// The lowest free range of at least `length` bytes inside `limits`, cut to them.
  ///
  /// Linux: `mas_empty_area()`.
  public func lowestGap(of length: ByteCount, in limits: VirtualRange) -> VirtualRange? {
    guard limits.end.rawValue >= length.rawValue, !limits.isEmpty else { return nil }
    if let gap = lowestGap(below: tree.root, length, limits) { return gap }
    let top = VirtualRange(max(last?.pointee.end ?? VirtualAddress(0), limits.start), limits.end)
    return !top.isEmpty && top.count >= length ? top : nil
  }

  /// Looks right to left, leaving out subtrees without a gap that is large enough.
  private func highestGap(
    below node: Ref<VMA>?, _ length: ByteCount, _ limits: VirtualRange
  ) -> VirtualRange? {
    guard let vma = node, vma.pointee.largestGap >= length.rawValue else { return nil }
    let gapStart = VirtualAddress(vma.pointee.start.rawValue &- Self.gapBefore(vma))
    if vma.pointee.end < limits.end,
      let gap = highestGap(below: tree.right(of: vma), length, limits)
    {
      return gap
    }
    if let gap = cut(VirtualRange(gapStart, vma.pointee.start), to: limits, length) { return gap }
    guard gapStart > limits.start else { return nil }
    return highestGap(below: tree.left(of: vma), length, limits)
  }

  private func lowestGap(
    below node: Ref<VMA>?, _ length: ByteCount, _ limits: VirtualRange
  ) -> VirtualRange? {
    guard let vma = node, vma.pointee.largestGap >= length.rawValue else { return nil }
    let gapStart = VirtualAddress(vma.pointee.start.rawValue &- Self.gapBefore(vma))
    if gapStart > limits.start, let gap = lowestGap(below: tree.left(of: vma), length, limits) {
      return gap
    }
    if let gap = cut(VirtualRange(gapStart, vma.pointee.start), to: limits, length) { return gap }
    guard vma.pointee.end < limits.end else { return nil }
    return lowestGap(below: tree.right(of: vma), length, limits)
  }

  /// The part of a gap inside the limits, if it is long enough.
  private func cut(
    _ gap: VirtualRange, to limits: VirtualRange, _ length: ByteCount
  ) -> VirtualRange? {
    let start = max(gap.start, limits.start)
    let end = min(gap.end, limits.end)
    guard start < end, end - start >= length else { return nil }
    return VirtualRange(start, end)
  }
}
