internal import AddressSpaces
public import MemoryTypes

/// How far randomisation moves each place (`kernel.randomize_va_space` = 2).
extension LayoutSheet {
  /// Bits of page-granular entropy: `smallest` and `largest` of what the kernel lets
  /// `vm.mmap_rnd_bits` be; the same value twice where there is no choice.
  public struct Entropy: Hashable, Sendable {
    public var smallest: UInt8
    public var largest: UInt8

    public init(_ smallest: UInt8, _ largest: UInt8) {
      self.smallest = smallest
      self.largest = largest
    }
  }

  /// Entropy of the stack top, in pages, downwards. Linux: `STACK_RND_MASK`.
  ///
  /// x86-64 22 bits (16 GiB), 32-bit programs 11 bits (8 MiB), arm64 1 GiB at every page size.
  public var stackEntropy: Entropy {
    switch platform {
    case .x86_64, .x86FiveLevel: Entropy(22, 22)
    case .i386, .i386OnX86: Entropy(11, 11)
    case .arm64: Entropy(30 - pageSize.shift, 30 - pageSize.shift)
    }
  }

  /// Entropy of the mmap top (downwards) and of a PIE's start (upwards). Linux: `arch_mmap_rnd()`,
  /// `CONFIG_ARCH_MMAP_RND_BITS_MIN` and `_MAX`; the kernel starts with the smallest unless its
  /// configuration says otherwise.
  public var mmapEntropy: Entropy {
    switch platform {
    case .x86_64, .x86FiveLevel: Entropy(28, 32)
    case .i386, .i386OnX86: Entropy(8, 16)
    case .arm64(let bits): Entropy(30 - pageSize.shift, arm64LargestEntropy(bits: bits))
    }
  }

  /// Three bits less than the number of pages of the space, with two exceptions of the kernel's
  /// configuration: 52-bit kernels count as 48, and 42 bits (64K pages) got the figure of 4K pages.
  private func arm64LargestEntropy(bits: UInt8) -> UInt8 {
    bits == 42 ? 27 : min(bits, 48) - pageSize.shift - 3
  }

  /// Entropy of the heap's start above the program's end. Linux: `arch_randomize_brk()`.
  ///
  /// Within 1 GiB for 64-bit programs (x86-64 since 6.9; 32 MiB before), within 32 MiB for 32-bit.
  public var heapEntropy: Entropy {
    let log2: UInt8 =
      switch platform {
      case .i386, .i386OnX86: 25
      default: 30
      }
    return Entropy(log2 - pageSize.shift, log2 - pageSize.shift)
  }

  /// Where the stack top may be with randomisation.
  public var randomStackTop: VirtualRange {
    VirtualRange(
      layout.stackTop - (reach(of: stackEntropy) - pageSize.bytes), layout.stackTop)
  }

  /// Where the mmap top may be with randomisation, at the smallest entropy; the gap above it has
  /// room for the stack's shift too.
  public var randomMmapTop: VirtualRange {
    let highest = layout.topDownBase(
      stackLimit: stackLimit, shift: reach(of: stackEntropy) - pageSize.bytes)
    return VirtualRange(highest - (reach(of: mmapEntropy) - pageSize.bytes), highest)
  }

  /// Where a PIE may begin with randomisation, at the smallest entropy.
  public var randomPositionIndependentStart: VirtualRange {
    let start = positionIndependentStart
    return VirtualRange(start, start + (reach(of: mmapEntropy) - pageSize.bytes))
  }

  /// The bytes between the lowest place and the end of the highest page.
  private func reach(of entropy: Entropy) -> ByteCount {
    pageSize.bytes(in: PageCount(1 << UInt(entropy.smallest)))
  }
}
