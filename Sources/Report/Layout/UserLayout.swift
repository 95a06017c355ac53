public import MemoryTypes

/// Where Linux puts things in a user address space: what `execve` decides before a program runs.
///
///     0 ── null guard ── program (ET_EXEC) ── heap ─> … ── PIE ── … <─ mmap top ── gap ── stack top
///
/// Everything follows from the platform, the page size and the stack limit, so this is a pure
/// value. With address-space randomisation (ASLR) each place moves by a random number of pages:
/// the stack and the mmap area down, a PIE and the heap up.
///
/// Sources: `setup_new_exec()` and `load_elf_binary()` (fs/exec.c, fs/binfmt_elf.c),
/// `arch_pick_mmap_layout()` (arch/x86/mm/mmap.c, mm/util.c), asm/elf.h and asm/processor.h of
/// each architecture, Linux 6.12.
public struct UserLayout: Hashable, Sendable {
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
  public let pageSize: PageSize
  /// `RLIMIT_STACK`; the area kept free for the stack follows it.
  public let stackLimit: ByteCount
  /// `vm.mmap_min_addr`, or the security module's minimum where that is higher.
  public let minimumMapAddress: VirtualAddress

  /// - Parameters:
  ///   - stackLimit: a soft limit; Linux gives 8 MiB. `ByteCount(.max)` for "unlimited" is treated
  ///     as the largest gap, not as the legacy bottom-up layout.
  ///   - minimumMapAddress: 64 KiB on x86 and on arm64 without 32-bit programs.
  public init(
    platform: Platform, pageSize: PageSize, stackLimit: ByteCount = ByteCount(8 << 20),
    minimumMapAddress: VirtualAddress = VirtualAddress(64 << 10)
  ) {
    self.platform = platform
    self.pageSize = pageSize
    self.stackLimit = stackLimit
    self.minimumMapAddress = minimumMapAddress
  }
}
