internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// Two address spaces that map the same pages to different frames, and take turns without any
  /// invalidation; a change to one is forgotten for that one alone.
  mutating func askAboutSpaces() throws(AllocationError) {
    var other = try PageTable(
      format: format, kernelRoot: processor.kernelRoot, pages: pages)
    try processor.prepare(&other)
    for _ in 0..<plan.spaceChanges {
      guard let page = drawSharedPage() else { continue }
      let range = VirtualRange(page, count: format.pageSize.bytes)
      try tables.map(page, to: drawFrame(for: range), Self.shared)
      try other.map(page, to: drawFrame(for: range), Self.shared)
      askInBoth(page, other.root)
      if random.next(below: 2) == 0 {
        other.unmap(range) { _, _ in }
      } else {
        other.protect(range) { $0.subtracting(.write) }
      }
      processor.change(to: other.root, .second, &mmu)
      forget(range, random.next(below: 2) == 0 ? .pages : .space)
      askInBoth(page, other.root)
      other.unmap(range) { _, _ in }
      tables.unmap(range) { _, _ in }
      forget()
    }
    other.destroy()
  }

  /// Under the second, and back under the first.
  private mutating func askInBoth(_ page: VirtualAddress, _ second: PageFrameNumber) {
    processor.change(to: second, .second, &mmu)
    askAbout(page)
    processor.change(to: tables.root, .first, &mmu)
    askAbout(page)
  }

  /// What is global, or a table of leaves that are, would be one for both.
  private static var shared: LeafAttributes {
    [.read, .write, .execute, .user, .accessed, .dirty]
  }

  private mutating func drawSharedPage() -> VirtualAddress? {
    let page = format.pageSize.roundDown(VirtualAddress(drawAddress()))
    let last = processor.addressLimit &- format.pageSize.bytes.rawValue
    guard page.rawValue <= last else { return nil }
    return tables.leaf(at: page) == nil ? page : nil
  }

  private mutating func drawFrame(for range: VirtualRange) -> PageFrameNumber {
    drawFrame(for: range, unit: UInt(format.pageSize.shift))
  }
}

extension ASID {
  static var second: ASID { ASID(2) }
}
