internal import MemoryTypes

/// Who may do what with a leaf, as bits that stand below the address in a `TLBEntry`.
///
/// An entry outlives changes of the control registers that decide about the kernel, so it keeps the
/// answers for either setting; `KernelRights` says which bit an access asks for now.
///
///      10     9     8    7    6    5    4    3    2   1   0
///     +-----+-----+----+----+----+----+----+----+---+---+---+
///     | X   | W   | W  | W  | R  | X  | W  | R  | X | W | R |
///     |SMEP | WP 0|WP 0|SMAP|SMAP| kernel       | user      |
///     | off |SMAP |    |    |    |              |           |
///     +-----+-----+----+----+----+--------------+-----------+
enum AccessRights {
  static var userRead: UInt64 { 1 << 0 }
  static var userWrite: UInt64 { 1 << 1 }
  static var userExecute: UInt64 { 1 << 2 }
  static var kernelRead: UInt64 { 1 << 3 }
  static var kernelWrite: UInt64 { 1 << 4 }
  /// With SMEP where the architecture has it.
  static var kernelExecute: UInt64 { 1 << 5 }
  /// What the kernel may do with SMAP (arm64: PAN): nothing with what is the programs'.
  static var kernelReadOwn: UInt64 { 1 << 6 }
  static var kernelWriteOwn: UInt64 { 1 << 7 }
  /// What the kernel may write without CR0.WP: all; and with SMAP besides.
  static var kernelWriteAny: UInt64 { 1 << 8 }
  static var kernelWriteAnyOwn: UInt64 { 1 << 9 }
  /// Without SMEP.
  static var kernelExecuteAny: UInt64 { 1 << 10 }

  /// All bits that are rights, not address.
  static var mask: UInt64 { 0xFFF }
  /// Those that a leaf that is not dirty must not give: the first write has to reach the tables.
  static var writes: UInt64 {
    userWrite | kernelWrite | kernelWriteOwn | kernelWriteAny | kernelWriteAnyOwn
  }
}
