public import AddressSpaces
internal import Machine
public import MemoryTypes

/// A user layout with what is told about it: its platform, where programs go in it, and how far
/// randomisation moves each place.
///
///     0 ── null guard ── program (ET_EXEC) ── heap ─> … ── PIE ── … <─ mmap top ── gap ── stack top
///
/// The numbers of the address space itself are those of `UserLayout`, by which the memory manager
/// places mappings. What is added here the memory manager does not decide: it is `execve`'s. With
/// address-space randomisation (ASLR) each place moves by a random number of pages: the stack and the
/// mmap area down, a PIE and the heap up.
///
/// Sources: `setup_new_exec()` and `load_elf_binary()` (fs/exec.c, fs/binfmt_elf.c),
/// `arch_pick_mmap_layout()` (arch/x86/mm/mmap.c, mm/util.c), asm/elf.h and asm/processor.h of
/// each architecture, Linux 6.12.
public struct LayoutSheet: Hashable, Sendable {
  /// An instruction set with the width of its user addresses.
  public enum Platform: Hashable, Sendable {
    /// Four levels of tables, 47 bits of user addresses.
    case x86_64
    /// Five levels, 56 bits; the upper part is used only on an explicit hint.
    case x86FiveLevel
    /// A 32-bit kernel with the 3 GB / 1 GB split.
    case i386
    /// A 32-bit program on an x86-64 kernel.
    case i386OnX86
    /// `virtualAddressBits` as the kernel was configured: 36, 39, 42, 47, 48 or 52.
    case arm64(virtualAddressBits: UInt8)
  }

  public let platform: Platform
  /// What the address space is like without randomisation.
  public let layout: UserLayout
  /// `RLIMIT_STACK`; the area kept free for the stack follows it.
  public let stackLimit: ByteCount

  /// - Parameter stackLimit: a soft limit; Linux gives 8 MiB. `ByteCount(.max)` for "unlimited" is
  ///   treated as the largest gap, not as the legacy bottom-up layout.
  public init(
    platform: Platform, pageSize: PageSize, stackLimit: ByteCount = ByteCount(8 << 20)
  ) {
    self.platform = platform
    self.stackLimit = stackLimit
    layout = platform.layout(pageSize, stackLimit)
  }

  public var pageSize: PageSize { layout.pageSize }
}

extension LayoutSheet.Platform {
  fileprivate func layout(_ pageSize: PageSize, _ stackLimit: ByteCount) -> UserLayout {
    func standard(_ architecture: Architecture, _ bits: UInt8) -> UserLayout {
      .standard(
        architecture, pageSize: pageSize, virtualAddressBits: bits, stackLimit: stackLimit)
    }
    return switch self {
    case .x86_64: standard(.x86_64, 48)
    case .x86FiveLevel: standard(.x86_64, 57)
    case .i386: standard(.i386, 32)
    case .i386OnX86: .compatible(stackLimit: stackLimit)
    case .arm64(let bits): standard(.arm64, bits)
    }
  }
}
