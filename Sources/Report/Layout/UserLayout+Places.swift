public import MemoryTypes

/// The places without randomisation (`personality(ADDR_NO_RANDOMIZE)`).
extension UserLayout {
  /// The end of what any mapping can take, however placed. Linux: `TASK_SIZE`.
  ///
  /// x86-64 leaves out the last page below the non-canonical hole, because of an instruction fetch
  /// erratum. Linux: `task_size_max()`.
  public var taskSize: VirtualAddress {
    switch platform {
    case .x86_64: VirtualAddress((1 << 47) - pageSize.bytes.rawValue)
    case .x86FiveLevel: VirtualAddress((1 << 56) - pageSize.bytes.rawValue)
    case .i386: VirtualAddress(0xc000_0000)
    case .i386OnX86: VirtualAddress(0xffff_e000)
    case .arm64(let bits): VirtualAddress(1 << UInt(bits))
    }
  }

  /// The end of what is used without a hint above it. Linux: `DEFAULT_MAP_WINDOW`.
  ///
  /// A kernel with wider addresses must not surprise programs that keep tags in the upper bits:
  /// 52-bit arm64 kernels stay in 48 bits (47 with 16K pages, `VA_BITS_MIN`), five-level x86-64 in 47.
  public var defaultWindowEnd: VirtualAddress {
    switch platform {
    case .x86FiveLevel: VirtualAddress((1 << 47) - pageSize.bytes.rawValue)
    case .arm64(let bits) where bits > 48:
      VirtualAddress(1 << (pageSize == .size16K ? 47 : 48))
    default: taskSize
    }
  }

  /// The first address a mapping may take; below it a null pointer faults. Linux: `round_hint_to_min()`.
  public var nullGuardEnd: VirtualAddress { pageSize.roundUp(minimumMapAddress) }

  /// Where linkers put a program that is not position-independent: the kernel takes the address
  /// from the file (`ET_EXEC`).
  public var fixedProgramStart: VirtualAddress {
    switch platform {
    case .i386, .i386OnX86: VirtualAddress(0x0804_8000)
    default: VirtualAddress(0x40_0000)
    }
  }

  /// Where a position-independent program begins whose segments are aligned to the page size; a
  /// larger `p_align` rounds it down further. Linux: `ELF_ET_DYN_BASE`.
  ///
  /// Two thirds up the default window, to leave room for the heap above and the low 4 GiB for
  /// 32-bit pointers. A 32-bit kernel uses 4 MiB; an x86-64 kernel puts 32-bit programs 16 MiB above
  /// a third of their space (`COMPAT_ELF_ET_DYN_BASE`).
  public var positionIndependentStart: VirtualAddress {
    switch platform {
    case .i386: VirtualAddress(0x40_0000)
    case .i386OnX86:
      pageSize.roundUp(VirtualAddress(taskSize.rawValue / 3)) + ByteCount(16 << 20)
    case .x86_64, .x86FiveLevel:
      pageSize.roundDown(VirtualAddress(defaultWindowEnd.rawValue / 3 * 2))
    case .arm64:
      pageSize.roundDown(VirtualAddress(defaultWindowEnd.rawValue * 2 / 3))
    }
  }

  /// The end of the initial stack. Linux: `STACK_TOP`.
  public var stackTop: VirtualAddress { defaultWindowEnd }

  /// The address below which mappings are placed, downwards. Linux: `mmap_base()`.
  public var mmapTop: VirtualAddress { mmapTop(below: .zero) }

  /// The mmap top with `padding` bytes kept for the stack's random shift.
  ///
  /// The gap to the stack top is the stack limit and the guard gap (256 pages), at least 128 MiB,
  /// at most five sixths of the space.
  func mmapTop(below padding: ByteCount) -> VirtualAddress {
    let guardGap = pageSize.bytes(in: PageCount(256))
    let (limited, overflow) = stackLimit.rawValue.addingReportingOverflow(
      guardGap.rawValue + padding.rawValue)
    let largest = stackTop.rawValue / 6 * 5
    let gap = min(max(overflow ? .max : limited, 128 << 20), largest)
    return pageSize.roundUp(VirtualAddress(stackTop.rawValue - gap))
  }
}
