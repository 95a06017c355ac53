/// What may be done with a VMA, and how it is to be treated. Linux: `vm_flags_t`, include/linux/mm.h.
///
/// The values are Linux's own, so that a flag word from a kernel dump reads the same here.
@frozen
public struct VMAFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64

  @inlinable @inline(__always)
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  // What the mapping allows now.
  public static var read: VMAFlags { VMAFlags(rawValue: 0x1) }
  public static var write: VMAFlags { VMAFlags(rawValue: 0x2) }
  public static var execute: VMAFlags { VMAFlags(rawValue: 0x4) }
  public static var shared: VMAFlags { VMAFlags(rawValue: 0x8) }

  // What `mprotect` may turn on.
  public static var mayRead: VMAFlags { VMAFlags(rawValue: 0x10) }
  public static var mayWrite: VMAFlags { VMAFlags(rawValue: 0x20) }
  public static var mayExecute: VMAFlags { VMAFlags(rawValue: 0x40) }
  public static var mayShare: VMAFlags { VMAFlags(rawValue: 0x80) }

  /// A stack: extends downwards by faults and keeps a guard gap below. Linux: `VM_GROWSDOWN`.
  public static var growsDown: VMAFlags { VMAFlags(rawValue: 0x100) }
  /// Frames without a `Page` behind them, as the vvar pages. Linux: `VM_PFNMAP`.
  public static var rawFrames: VMAFlags { VMAFlags(rawValue: 0x400) }
  /// Guard markers may stand in the tables of the area. Linux: `VM_MAYBE_GUARD`.
  public static var mayHaveGuards: VMAFlags { VMAFlags(rawValue: 0x800) }
  public static var locked: VMAFlags { VMAFlags(rawValue: 0x2000) }
  public static var device: VMAFlags { VMAFlags(rawValue: 0x4000) }
  public static var sequentialRead: VMAFlags { VMAFlags(rawValue: 0x8000) }
  public static var randomRead: VMAFlags { VMAFlags(rawValue: 0x1_0000) }
  public static var dontCopy: VMAFlags { VMAFlags(rawValue: 0x2_0000) }
  public static var dontExpand: VMAFlags { VMAFlags(rawValue: 0x4_0000) }
  public static var lockOnFault: VMAFlags { VMAFlags(rawValue: 0x8_0000) }
  /// Its pages count as committed memory. Linux: `VM_ACCOUNT`.
  public static var accounted: VMAFlags { VMAFlags(rawValue: 0x10_0000) }
  public static var noReserve: VMAFlags { VMAFlags(rawValue: 0x20_0000) }
  public static var hugeTLB: VMAFlags { VMAFlags(rawValue: 0x40_0000) }
  public static var synchronous: VMAFlags { VMAFlags(rawValue: 0x80_0000) }
  public static var wipeOnFork: VMAFlags { VMAFlags(rawValue: 0x200_0000) }
  public static var dontDump: VMAFlags { VMAFlags(rawValue: 0x400_0000) }
  public static var softDirty: VMAFlags { VMAFlags(rawValue: 0x800_0000) }
  public static var mixedFrames: VMAFlags { VMAFlags(rawValue: 0x1000_0000) }
  public static var hugePages: VMAFlags { VMAFlags(rawValue: 0x2000_0000) }
  public static var noHugePages: VMAFlags { VMAFlags(rawValue: 0x4000_0000) }
  public static var mergeable: VMAFlags { VMAFlags(rawValue: 0x8000_0000) }
  /// The four bits of the protection key, x86-64. Linux: `VM_PKEY_SHIFT`, `ARCH_VM_PKEY_FLAGS`.
  public static var protectionKey: VMAFlags { VMAFlags(rawValue: 0xf << 32) }
  /// arm64: tags may be turned on. Linux: `VM_MTE_ALLOWED`, which `maps` and `smaps` do not show. The heap
  /// has it always, other memory only on processors with tags: so the two do not merge.
  public static var tagsAllowed: VMAFlags { VMAFlags(rawValue: 1 << 33) }
  /// Protected by `mseal`. Linux: `VM_SEALED` of 6.17; bit 63 before.
  public static var sealed: VMAFlags { VMAFlags(rawValue: 1 << 42) }
  /// Its pages may be dropped whenever memory is short. Linux: `VM_DROPPABLE`.
  public static var droppable: VMAFlags { VMAFlags(rawValue: 1 << 40) }

  /// Read, write and execute. Linux: `VM_ACCESS_FLAGS`.
  public static var access: VMAFlags { [.read, .write, .execute] }
  /// Mappings that neither merge nor expand. Linux: `VM_SPECIAL`.
  public static var special: VMAFlags { [.device, .dontExpand, .rawFrames, .mixedFrames] }
  /// Locked, at once or page by page. Linux: `VM_LOCKED_MASK`.
  public static var lockedMask: VMAFlags { [.locked, .lockOnFault] }
  /// What areas need not have in common to be merged; the merged area has it if one had.
  /// Linux: `VM_STICKY`.
  public static var sticky: VMAFlags { [.softDirty, .mayHaveGuards] }
  /// What a private data mapping starts with. Linux: `VM_DATA_DEFAULT_FLAGS` (non-executable).
  public static var dataDefault: VMAFlags {
    [.read, .write, .mayRead, .mayWrite, .mayExecute]
  }

  /// The permissions that correspond to `PROT_READ`, `PROT_WRITE` and `PROT_EXEC`.
  @inlinable
  public init(protection: Protection) {
    self.init(rawValue: UInt64(protection.rawValue & 0b111))
  }

  /// The access bits for which the matching "may" bit is missing.
  @inlinable
  public var forbiddenAccess: VMAFlags {
    VMAFlags(rawValue: rawValue & ~(rawValue >> 4)).intersection(.access)
  }

  /// A private writable area that is not a stack. Linux: `is_data_mapping()`.
  @inlinable
  public var isData: Bool { intersection([.write, .shared, .growsDown]) == .write }

  /// Linux: `is_exec_mapping()`.
  @inlinable
  public var isCode: Bool { intersection([.execute, .write, .growsDown]) == .execute }

  /// Linux: `is_stack_mapping()`.
  @inlinable
  public var isStack: Bool { contains(.growsDown) }

  /// Whether pages of the area count as committed from the start. Linux: `accountable_mapping()`.
  @inlinable
  public var isAccountable: Bool { intersection([.noReserve, .shared, .write]) == .write }
}

/// The protection argument of `mmap` and `mprotect`, with the system call's values.
@frozen
public struct Protection: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var read: Protection { Protection(rawValue: 1) }
  public static var write: Protection { Protection(rawValue: 2) }
  public static var execute: Protection { Protection(rawValue: 4) }
  /// Accepted and without effect on the architectures here. Linux: `PROT_SEM`.
  public static var atomicOperations: Protection { Protection(rawValue: 8) }
  public static var growsDown: Protection { Protection(rawValue: 0x0100_0000) }
  public static var growsUp: Protection { Protection(rawValue: 0x0200_0000) }
}

/// The flags argument of `mmap`, with the system call's values (the same on every architecture here).
@frozen
public struct MapFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var shared: MapFlags { MapFlags(rawValue: 0x01) }
  public static var `private`: MapFlags { MapFlags(rawValue: 0x02) }
  public static var sharedValidate: MapFlags { MapFlags(rawValue: 0x03) }
  /// Private memory whose pages may be dropped. Linux: `MAP_DROPPABLE`, 6.11 and later.
  public static var droppable: MapFlags { MapFlags(rawValue: 0x08) }
  public static var typeMask: MapFlags { MapFlags(rawValue: 0x0f) }
  public static var fixed: MapFlags { MapFlags(rawValue: 0x10) }
  public static var anonymous: MapFlags { MapFlags(rawValue: 0x20) }
  /// x86-64 only; ignored elsewhere. Linux: `MAP_32BIT`.
  public static var low2GB: MapFlags { MapFlags(rawValue: 0x40) }
  public static var above4GB: MapFlags { MapFlags(rawValue: 0x80) }
  public static var growsDown: MapFlags { MapFlags(rawValue: 0x0100) }
  public static var locked: MapFlags { MapFlags(rawValue: 0x2000) }
  public static var noReserve: MapFlags { MapFlags(rawValue: 0x4000) }
  public static var populate: MapFlags { MapFlags(rawValue: 0x8000) }
  public static var nonblock: MapFlags { MapFlags(rawValue: 0x1_0000) }
  public static var stack: MapFlags { MapFlags(rawValue: 0x2_0000) }
  public static var hugeTLB: MapFlags { MapFlags(rawValue: 0x4_0000) }
  public static var synchronous: MapFlags { MapFlags(rawValue: 0x8_0000) }
  public static var fixedNoReplace: MapFlags { MapFlags(rawValue: 0x10_0000) }

  /// The logarithm of the huge-page size asked for; 0 for the default. Linux: `MAP_HUGE_SHIFT`.
  @inlinable
  public var hugePageShift: UInt8 { UInt8(rawValue >> 26 & 0x3f) }

  /// The value of the four type bits: shared, private, shared-validate or none of them.
  @inlinable
  public var type: MapFlags { intersection(.typeMask) }
}
