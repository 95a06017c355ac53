/// How memory is cached and how strictly its accesses are ordered.
///
/// A descriptor holds an index into a register of eight types, MAIR_EL1 or IA32_PAT:
///
///     type              arm64 (MAIR index, byte)         x86 (PAT index, byte)
///     writeBack         Normal write-back     0  0xFF    WB    0  0x06
///     nonCacheable      Normal non-cacheable  2  0x44    WC    1  0x01
///     device            Device-nGnRE          4  0x04    UC-   2  0x07
///     strictDevice      Device-nGnRnE         3  0x00    UC    3  0x00
///     gatheringDevice   Device-GRE            5  0x0C    (UC-)
///     writeThrough      Normal write-through  6  0xBB    WT    7  0x04
///     writeProtected    (write-through)                  WP    5  0x05
///
/// Indices are Linux's (`MAIR_EL1_SET`, arch/arm64/mm/proc.S; `pat_bp_init()`, arch/x86), and 5 and
/// 6 on arm64 our own. In parentheses: the next stricter type where an architecture has none.
@frozen
public enum MemoryType: UInt8, CaseIterable, Hashable, Sendable {
  /// Ordinary RAM.
  case writeBack = 0
  /// RAM shared with a device that does not snoop; writes may be combined.
  case nonCacheable = 1
  /// Registers whose writes may be acknowledged early.
  case device = 2
  /// Registers whose every access arrives, in order, before it is acknowledged.
  case strictDevice = 3
  /// Device memory whose accesses may be merged and reordered: frame buffers.
  case gatheringDevice = 4
  /// Reads are cached, writes go to memory at once.
  case writeThrough = 5
  /// Reads are cached, writes go to memory and drop the line from all caches.
  case writeProtected = 6
}

/// Who must see accesses to the memory coherently. arm64: SH[1:0]. x86 has one domain.
@frozen
public enum Shareability: UInt8, CaseIterable, Hashable, Sendable {
  /// All processors that run one operating system.
  case inner = 0
  /// Those and other observers, such as devices.
  case outer = 1
  /// Only the processor itself.
  case none = 2
}
