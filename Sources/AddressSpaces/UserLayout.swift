public import Machine
public import MemoryTypes

/// Where the parts of a user address space stand before the first mapping is made.
///
/// ```
///  0            minimumAddress                         mmapBase      stackTop   taskSize
///  | never mapped |  program, heap ->  …  <- mappings |  stack gap  |  stack  |
/// ```
/// Linux: `TASK_SIZE`, `DEFAULT_MAP_WINDOW`, arch/*/include/asm/processor.h; `mmap_base()`,
/// arch/x86/mm/mmap.c and mm/util.c.
public struct UserLayout: Hashable, Sendable {
  public var architecture: Architecture
  public var pageSize: PageSize
  /// The end of the highest page that a fixed mapping can take.
  public var taskSize: VirtualAddress
  /// The end of what is used without an explicit hint above it.
  public var window: VirtualAddress
  /// Where top-down placement begins.
  public var mmapBase: VirtualAddress
  /// Where bottom-up placement begins. Linux: `TASK_UNMAPPED_BASE`.
  public var legacyBase: VirtualAddress
  public var stackTop: VirtualAddress
  /// Hints below it are lifted to it. Linux: `mmap_min_addr`, the larger of sysctl and LSM floor.
  public var minimumHint: VirtualAddress
  /// Nothing can be mapped below it without privilege. Linux: `dac_mmap_min_addr`.
  public var minimumAddress: VirtualAddress
  /// The free space kept below a stack. Linux: `stack_guard_gap`.
  public var stackGuardGap: ByteCount
  /// Alignment of large mappings without a hint; 0 where the kernel does not align them.
  public var hugePageSize: ByteCount
  /// Where a search begins.
  public var direction = Direction.topDown
  /// What `MAP_32BIT` means to 64-bit programs of x86.
  public var lowRange = VirtualRange(VirtualAddress(0x4000_0000), VirtualAddress(0x8000_0000))
  /// Memory file systems have huge pages, so that large mappings of theirs are aligned too. Linux:
  /// `transparent_hugepage/shmem_enabled` other than `never` and `deny`.
  public var alignsSharedMemory = false
  /// Which addresses share cache sets with which pages of a file.
  public var colours = Colours.none
  /// The allocator of kernels before 3.8; see `CachedHole`.
  public var keepsHole = false

  /// Linux: `MMF_TOPDOWN`; the personality `ADDR_COMPAT_LAYOUT`, `vm.legacy_va_layout`.
  public enum Direction: UInt8, Sendable {
    case topDown, bottomUp
  }

  /// File mappings keep the address bits of `mask` equal to those of the file offset, moved by `shift`,
  /// so that shared pages do not evict one another from a cache that is indexed by them.
  ///
  /// None of the usual machines needs it; AMD's family 15h has a mask of 0x7000 and a shift drawn at
  /// boot. Linux: `va_align`, arch/x86/kernel/sys_x86_64.c.
  public struct Colours: Hashable, Sendable {
    public var mask: UInt
    public var shift: UInt

    public init(mask: UInt, shift: UInt = 0) {
      self.mask = mask
      self.shift = shift
    }

    public static var none: Colours { Colours(mask: 0) }

    func alignment(of offset: ByteCount) -> RangeAlignment {
      RangeAlignment(mask: mask, offset: mask == 0 ? 0 : offset.rawValue &+ (shift & mask))
    }
  }

  /// The layout of an architecture without address randomisation.
  ///
  /// - Parameter stackLimit: `RLIMIT_STACK` in bytes, which decides how far below the stack top
  ///   mappings begin.
  public static func standard(
    _ architecture: Architecture, pageSize: PageSize, virtualAddressBits: UInt8,
    stackLimit: ByteCount = ByteCount(8 << 20)
  ) -> UserLayout {
    let (taskSize, window) = extent(architecture, pageSize, virtualAddressBits)
    return UserLayout(architecture, pageSize, taskSize, window, stackLimit)
  }

  /// The layout of a 32-bit program on an x86-64 kernel, which leaves it almost 4 GiB.
  ///
  /// Linux: `IA32_PAGE_OFFSET`, arch/x86/include/asm/page_64_types.h.
  /// - Parameter limitsTo3GB: The personality `ADDR_LIMIT_3GB`: as a 32-bit kernel has it.
  public static func compatible(
    stackLimit: ByteCount = ByteCount(8 << 20), limitsTo3GB: Bool = false
  ) -> UserLayout {
    let end = VirtualAddress(limitsTo3GB ? 0xC000_0000 : 0xffff_e000)
    return UserLayout(.i386, .size4K, end, end, stackLimit)
  }

  private init(
    _ architecture: Architecture, _ pageSize: PageSize, _ taskSize: VirtualAddress,
    _ window: VirtualAddress, _ stackLimit: ByteCount
  ) {
    self.architecture = architecture
    self.pageSize = pageSize
    self.taskSize = taskSize
    self.window = window
    mmapBase = window
    legacyBase = window
    stackTop = window
    minimumHint = Self.minimumHint(architecture, pageSize)
    minimumAddress = VirtualAddress(4096)
    stackGuardGap = pageSize.bytes(in: PageCount(256))
    hugePageSize =
      architecture == .i386 ? ByteCount(0) : ByteCount(1 << (2 * UInt(pageSize.shift) - 3))
    mmapBase = topDownBase(stackLimit: stackLimit)
    legacyBase = bottomUpBase
    // Where the stack may grow without end, only x86 still believes in a gap above mappings.
    if architecture == .arm64, stackLimit == ByteCount(.max) { placeBottomUp() }
  }

  /// Makes searches begin at the legacy base and go up.
  ///
  /// Linux: `mmap_is_legacy()`, arch/x86/mm/mmap.c and mm/util.c.
  public mutating func placeBottomUp() {
    direction = .bottomUp
    mmapBase = legacyBase
  }

  /// What kernels are built with: 64 KiB, on arm64 with 4K pages, which 32-bit programs may need, half of
  /// it. Those with larger pages were built without.
  ///
  /// Linux: `CONFIG_LSM_MMAP_MIN_ADDR`, security/Kconfig.
  private static func minimumHint(
    _ architecture: Architecture, _ pageSize: PageSize
  ) -> VirtualAddress {
    guard architecture == .arm64 else { return VirtualAddress(65536) }
    return VirtualAddress(pageSize == .size4K ? 32768 : 4096)
  }

  /// Task size and default window, which differ where a hint opens a larger space.
  private static func extent(
    _ architecture: Architecture, _ pageSize: PageSize, _ bits: UInt8
  ) -> (VirtualAddress, VirtualAddress) {
    switch architecture {
    case .i386:
      return (VirtualAddress(0xC000_0000), VirtualAddress(0xC000_0000))
    case .x86_64:
      // The last page is left out: a system call there would return to a non-canonical address.
      let window = (UInt(1) << 47) - pageSize.bytes.rawValue
      let task = (UInt(1) << UInt(bits - 1)) - pageSize.bytes.rawValue
      return (VirtualAddress(task), VirtualAddress(window))
    case .arm64:
      // Kernels built for 52 bits keep to 48 by default, with 16K pages to 47.
      let windowBits = bits > 48 ? (pageSize == .size16K ? 47 : 48) : bits
      return (VirtualAddress(1 << UInt(bits)), VirtualAddress(1 << UInt(windowBits)))
    }
  }

  /// Where top-down placement begins with this stack limit: below the stack top by the limit and the
  /// guard gap, at least 128 MiB, at most 5/6 of the space.
  ///
  /// - Parameter shift: Bytes kept free besides for a stack top that randomisation moves down.
  ///
  /// Linux: `mmap_base()`, arch/x86/mm/mmap.c and mm/util.c.
  public func topDownBase(stackLimit: ByteCount, shift: ByteCount = .zero) -> VirtualAddress {
    let kept = stackGuardGap + shift
    let padded = stackLimit.rawValue.addingReportingOverflow(kept.rawValue)
    let wanted = padded.overflow ? UInt.max : padded.partialValue
    let gap = min(max(wanted, 128 << 20), stackTop.rawValue / 6 * 5)
    return pageSize.roundUp(VirtualAddress(stackTop.rawValue - gap))
  }

  /// The address without the tag that programs of arm64 may put into its uppermost byte; addresses of the
  /// kernel's half stay as they are. Linux: `untagged_addr()`, arch/arm64/include/asm/uaccess.h.
  public func untagged(_ address: VirtualAddress) -> VirtualAddress {
    guard architecture == .arm64, address.rawValue & kernelHalfBit == 0 else {
      return address
    }
    return VirtualAddress(address.rawValue & (kernelHalfBit &- 1))
  }

  /// Bit 55, which says whose half of the space an address lies in.
  private var kernelHalfBit: UInt { 1 << UInt(UInt.bitWidth - 9) }

  /// A third of the task size; arm64 a quarter. Linux: `TASK_UNMAPPED_BASE`.
  private var bottomUpBase: VirtualAddress {
    let share: UInt = architecture == .arm64 ? 4 : 3
    return pageSize.roundUp(VirtualAddress(window.rawValue / share))
  }
}
