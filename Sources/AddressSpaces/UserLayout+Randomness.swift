internal import Machine
public import MemoryTypes

/// Address-space layout randomisation, from a seed.
extension UserLayout {
  /// The layout as randomisation moves it: the stack top down, and with it and by itself the mmap base.
  ///
  /// The same seed gives the same layout. Apply it to a layout that was not moved before.
  /// - Parameter stackLimit: As for `standard`.
  ///
  /// Linux: `randomize_va_space` = 1; `randomize_stack_top()`, `arch_pick_mmap_layout()`.
  public mutating func randomize(
    stackLimit: ByteCount, using generator: inout SeededGenerator
  ) {
    let mmapShift = pages(below: mmapEntropy, &generator)
    let stackShift = pages(below: stackEntropy, &generator)
    let reach = pageSize.bytes(in: PageCount((1 << stackEntropy) - 1))
    mmapBase = topDownBase(stackLimit: stackLimit, shift: reach) - mmapShift
    legacyBase = legacyBase + mmapShift
    stackTop = stackTop - stackShift
    if architecture == .x86_64 {
      lowRange.start = lowRange.start + pages(below: 25 - UInt(pageSize.shift), &generator)
    }
    if direction == .bottomUp { mmapBase = legacyBase }
  }

  /// How far above the program's end the heap begins; for `randomize_va_space` = 2.
  ///
  /// - Parameter rules: Before 6.9 the heap of 64-bit x86 programs moved less.
  ///
  /// Linux: `arch_randomize_brk()`.
  public func heapShift(
    _ rules: KernelRules, using generator: inout SeededGenerator
  ) -> ByteCount {
    let isWide =
      architecture == .arm64 || architecture == .x86_64 && rules.contains(.heapMovesFar)
    return pages(below: (isWide ? 30 : 25) - UInt(pageSize.shift), &generator)
  }

  /// How far above its base a position-independent program begins. Linux: `load_elf_binary()`.
  public func programShift(using generator: inout SeededGenerator) -> ByteCount {
    pages(below: mmapEntropy, &generator)
  }

  /// Linux: `STACK_RND_MASK`.
  private var stackEntropy: UInt {
    switch architecture {
    case .x86_64: 22
    case .i386: 11
    case .arm64: 30 - UInt(pageSize.shift)
    }
  }

  /// What kernels begin with. Linux: `vm.mmap_rnd_bits`, `CONFIG_ARCH_MMAP_RND_BITS_MIN`.
  private var mmapEntropy: UInt {
    switch architecture {
    case .x86_64: 28
    case .i386: 8
    case .arm64: 30 - UInt(pageSize.shift)
    }
  }

  private func pages(below bits: UInt, _ generator: inout SeededGenerator) -> ByteCount {
    let draw = UInt(truncatingIfNeeded: generator.next() & ((1 << UInt64(bits)) - 1))
    return pageSize.bytes(in: PageCount(draw))
  }
}
