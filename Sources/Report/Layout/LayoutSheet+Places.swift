internal import AddressSpaces
public import MemoryTypes

/// The places without randomisation (`personality(ADDR_NO_RANDOMIZE)`).
extension LayoutSheet {
  /// The first address that a mapping takes without being told; below it a null pointer faults.
  public var nullGuardEnd: VirtualAddress { pageSize.roundUp(layout.minimumHint) }

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
      pageSize.roundUp(VirtualAddress(layout.taskSize.rawValue / 3)) + ByteCount(16 << 20)
    case .x86_64, .x86FiveLevel:
      pageSize.roundDown(VirtualAddress(layout.window.rawValue / 3 * 2))
    case .arm64:
      pageSize.roundDown(VirtualAddress(layout.window.rawValue * 2 / 3))
    }
  }
}
