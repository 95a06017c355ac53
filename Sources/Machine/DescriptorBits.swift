/// Where each fact stands in the descriptors of one format.
///
/// A fact that a format cannot hold has the mask 0. Facts come in two polarities: x86 says
/// "writable", arm64 says "read-only"; a format fills the masks it has. Each format's own file
/// draws its fields.
@frozen
public struct DescriptorBits: Hashable, Sendable {
  /// The hardware looks at the rest only when this bit is set.
  public var valid: UInt64
  /// Together with "not `valid`": a leaf that admits nobody but keeps its frame.
  public var inaccessible: UInt64

  /// Above the last level, under `kindMask`: a pointer to a table, or a leaf.
  public var kindMask: UInt64
  public var tableKind: UInt64
  public var blockKind: UInt64
  /// At the last level, under `pageMask`: a leaf.
  public var pageMask: UInt64
  public var pageKind: UInt64

  /// The bits of the physical address, in place.
  public var address: UInt64
  /// Bits that must be 0 in a valid descriptor; address bits the machine does not have.
  public var reserved: UInt64

  /// What every leaf has set: shareability.
  public var leafBase: UInt64
  /// What every leaf for programs, or for the kernel only, has set besides its attributes.
  public var userBase: UInt64
  public var kernelBase: UInt64
  /// What a pointer to a table has set, in the low and in the high half.
  public var lowTable: UInt64
  public var highTable: UInt64

  public var user: UInt64
  public var writable: UInt64
  public var readOnly: UInt64
  public var noExecuteUser: UInt64
  public var noExecuteKernel: UInt64
  public var accessed: UInt64
  /// Dirty as software notes it; on x86 the hardware's own bit.
  public var dirty: UInt64
  /// What hardware sets on a write, besides clearing `readOnly`.
  public var hardwareDirty: UInt64
  public var global: UInt64
  public var notGlobal: UInt64

  /// The index into PAT or MAIR: its place, and one nibble per `MemoryType` that says which.
  public var memoryTypeShift: UInt8
  public var memoryTypeMask: UInt64
  public var memoryTypeIndices: UInt32

  /// Pointers to tables: bits that all must be set, or none may be, on the way to a leaf.
  public var tableWritable: UInt64
  public var tableReadOnly: UInt64
  public var tableUser: UInt64
  public var tableNoUser: UInt64
  public var tableNoExecuteUser: UInt64
  public var tableNoExecuteKernel: UInt64
}
