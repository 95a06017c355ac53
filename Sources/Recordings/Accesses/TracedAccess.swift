/// One access of user code to memory, as a trace of all of them has it.
///
/// 16 bytes, so that a batch is read at the speed of memory.
@frozen
public struct TracedAccess: Hashable, Sendable {
  public var address: UInt64
  /// Bytes, at least 1: an instruction's length or an operand's size.
  public var size: UInt16
  public var kind: Kind

  @inlinable
  public init(_ kind: Kind, at address: UInt64, size: UInt16) {
    self.address = address
    self.size = size
    self.kind = kind
  }

  /// The letters that valgrind's lackey writes.
  @frozen
  public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    /// `I`: an instruction is fetched.
    case instruction
    /// `L`
    case load
    /// `S`
    case store
    /// `M`: loaded and stored by one instruction.
    case modify
  }

  /// The most accesses in one event.
  public static let batchLimit = 4096
}
