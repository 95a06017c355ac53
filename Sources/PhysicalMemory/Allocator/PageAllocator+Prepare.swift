internal import Machine
internal import MemoryTypes

extension PageAllocator {
  /// Makes a block its owner's. Linux: `prep_new_page()`.
  @inline(__always)
  func prepare(_ page: Ref<Page>, _ order: Order, _ flags: AllocationFlags) -> Ref<Page> {
    let holdsZeros = page.pointee.flags.contains(.zeroFilled)
    page.pointee.references = 1
    page.pointee.flags = []
    if touchesFrames || !flags.isDisjoint(with: [.zeroed, .compound]) {
      prepareContents(page, order, flags, holdsZeros)
    }
    return page
  }

  @inline(never)
  private func prepareContents(
    _ page: Ref<Page>, _ order: Order, _ flags: AllocationFlags, _ holdsZeros: Bool
  ) {
    if options.poisonsFreeFrames { checkPoison(page, order) }
    if flags.contains(.zeroed) || options.clearsOnAllocation, !holdsZeros { clear(page, order) }
    if flags.contains(.compound) { makeCompound(page, order) }
  }

  /// Stores words, which compiles to one call of `memset` and is bearable without optimisation.
  func clear(_ page: Ref<Page>, _ order: Order) { fill(page, order, with: 0) }

  /// Linux: `kernel_poison_pages()`.
  func poison(_ page: Ref<Page>, _ order: Order) { fill(page, order, with: Self.poisonWord) }

  /// Traps when someone wrote to the block while it was free. Linux: `check_poison_mem()`.
  @inline(never)
  private func checkPoison(_ page: Ref<Page>, _ order: Order) {
    let count = wordCount(order)
    // SAFETY: the block was just allocated, and nobody else has its address.
    let words = unsafe pointer(to: page).bindMemory(to: UInt.self, capacity: count)
    for index in 0..<count where unsafe words[index] != Self.poisonWord {
      fatalError("a free frame was written to: its poison is gone")
    }
  }

  private static var poisonWord: UInt { UInt.max / 0xFF * 0xAA }

  private func fill(_ page: Ref<Page>, _ order: Order, with word: UInt) {
    let count = wordCount(order)
    // SAFETY: the block belongs to the caller.
    let start = unsafe pointer(to: page).bindMemory(to: UInt.self, capacity: count)
    unsafe start.update(repeating: word, count: count)
  }

  private func wordCount(_ order: Order) -> Int {
    Int(directMap.pageSize.bytes(in: order.pageCount).rawValue) / MemoryLayout<UInt>.size
  }
}
