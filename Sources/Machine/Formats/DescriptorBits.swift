/// Where each fact stands in the descriptors of one format.
///
/// A fact that a format cannot hold has the mask 0. Facts come in two polarities: x86 says
/// "writable", arm64 says "read-only"; a format fills the masks it has. Each format's own file
/// draws its fields. What the walker reads at each level stands first, in one cache line.
@frozen
public struct DescriptorBits: Hashable, Sendable {
  /// Above the last level: under `tableMask`, kind bits and all bits that must be 0, a sound
  /// pointer to a table looks like `tableKind`.
  public internal(set) var tableMask: UInt64 = 0
  public internal(set) var tableKind: UInt64
  /// At the last level: under `pageMask` a sound leaf looks like `pageKind`.
  public internal(set) var pageMask: UInt64 = 0
  public internal(set) var pageKind: UInt64
  /// The bits of the physical address, in place.
  public internal(set) var address: UInt64 = 0
  /// Address bits that stand elsewhere: `highAddressShift` places below their own.
  public internal(set) var highAddress: UInt64 = 0
  /// Bits that must be 0 in an entry of the root besides `reserved`.
  public internal(set) var rootReserved: UInt64 = 0

  /// The hardware looks at the rest only when this bit is set.
  public internal(set) var valid: UInt64
  /// Together with "not `valid`": a leaf that admits nobody but keeps its frame.
  public internal(set) var inaccessible: UInt64
  /// The bits that tell a pointer to a table from a leaf above the last level.
  public internal(set) var kindMask: UInt64
  public internal(set) var blockKind: UInt64
  /// The bits that make a leaf of the last level.
  public internal(set) var pageKindMask: UInt64
  /// Bits that must be 0 in every valid descriptor: address bits the machine does not have.
  public internal(set) var reserved: UInt64 = 0
  /// Bits that must be 0 in a leaf above the last level, where they stand below its size.
  public internal(set) var blockReserved: UInt64 = 0

  /// What a pointer to a table has set, in the low and in the high half, and in the root where
  /// that differs.
  public internal(set) var lowTable: UInt64
  public internal(set) var highTable: UInt64
  public internal(set) var rootTable: UInt64 = 0

  public internal(set) var user: UInt64
  public internal(set) var writable: UInt64 = 0
  public internal(set) var readOnly: UInt64 = 0
  /// Nobody may execute it; or one of the two may not.
  public internal(set) var noExecute: UInt64 = 0
  public internal(set) var noExecuteUser: UInt64 = 0
  public internal(set) var noExecuteKernel: UInt64 = 0
  public internal(set) var accessed: UInt64
  /// Dirty as software notes it; on x86 the hardware's own bit.
  public internal(set) var dirty: UInt64
  /// What hardware sets on a write, besides clearing `readOnly`.
  public internal(set) var hardwareDirty: UInt64 = 0
  public internal(set) var global: UInt64 = 0
  public internal(set) var notGlobal: UInt64 = 0
  public internal(set) var contiguous: UInt64 = 0
  public internal(set) var special: UInt64
  public internal(set) var deviceMemory: UInt64
  public internal(set) var softDirty: UInt64

  /// SH[1:0], and whether the format has it.
  public internal(set) var shareability: UInt64 = 0
  /// The index into PAT or MAIR: the place of its lower bits, and its third bit where that stands
  /// apart, in a leaf of the last level and in larger ones.
  public internal(set) var memoryTypeMask: UInt64
  public internal(set) var memoryTypeHighPage: UInt64 = 0
  public internal(set) var memoryTypeHighBlock: UInt64 = 0
  /// One nibble per `MemoryType`: its index; and one per index: its type.
  public internal(set) var memoryTypeIndices: UInt32
  public internal(set) var memoryTypes: UInt32
  public internal(set) var memoryTypeShift: UInt8
  public internal(set) var highAddressShift: UInt8 = 0
  /// The entries of the root lead to all that lies below: they have no permissions of their own.
  public internal(set) var rootGrantsAll = false

  /// Pointers to tables: bits that all must be set, or none may be, on the way to a leaf.
  public internal(set) var tableWritable: UInt64 = 0
  public internal(set) var tableReadOnly: UInt64 = 0
  public internal(set) var tableUser: UInt64 = 0
  public internal(set) var tableNoUser: UInt64 = 0
  public internal(set) var tableNoExecuteUser: UInt64 = 0
  public internal(set) var tableNoExecuteKernel: UInt64 = 0

  public internal(set) var software: SoftwareEntryBits
}

/// Where software's own entries hold what they say; the hardware sees only "not valid".
@frozen
public struct SoftwareEntryBits: Hashable, Sendable {
  /// Five bits that say which swap area, or that it is none.
  public internal(set) var typeShift: UInt8
  public internal(set) var offsetShift: UInt8
  public internal(set) var offsetBits: UInt8
  /// The offset is stored inverted, so that a speculating processor finds no RAM there (L1TF).
  public internal(set) var isInverted: Bool
  /// The page was not shared when it went out. Linux: `pte_swp_exclusive()`.
  public internal(set) var exclusive: UInt64
  public internal(set) var softDirty: UInt64
}

extension DescriptorBits {
  /// Derives the masks that the walker tests in one go; a format's last step.
  func completed() -> DescriptorBits {
    var bits = self
    bits.tableMask = kindMask | reserved
    bits.pageMask = pageKindMask | reserved
    return bits
  }
}
