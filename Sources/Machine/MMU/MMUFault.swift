public import MemoryTypes

/// What a program or the kernel wants to do with memory.
@frozen
public enum MemoryAccess: UInt8, Hashable, Sendable {
  case read
  case write
  case execute
}

/// In whose name an access is made. arm64: EL0, EL1. x86: ring 3, ring 0.
@frozen
public enum Privilege: UInt8, Hashable, Sendable {
  case user
  case kernel
}

/// Why an access could not be made: what the architecture's syndrome says, in one shape.
@frozen
public struct MMUFault: Error, Hashable, Sendable {
  @frozen
  public enum Kind: UInt8, Hashable, Sendable {
    /// No valid descriptor at `level`.
    case translation
    /// A valid leaf whose access flag is clear where software manages it.
    case accessFlag
    /// A valid leaf that does not allow this access.
    case permission
    /// A descriptor names an address the machine cannot form. arm64 only.
    case addressSize
    /// A descriptor has bits set that must be 0. x86 only.
    case reservedBit
    /// The upper bits of the virtual address are neither all 0 nor all 1. x86 only.
    case nonCanonical
    /// Nothing answers at the physical address of the data.
    case externalAbort
    /// Nothing answers at the physical address of the table of `level`.
    case tableAbort
  }

  public var kind: Kind
  /// Where the walk stopped.
  public var level: TranslationLevel
  public var access: MemoryAccess
  public var privilege: Privilege
  /// The first byte that could not be reached. arm64: FAR_EL1. x86: CR2.
  public var address: VirtualAddress

  public init(
    _ kind: Kind, level: TranslationLevel, access: MemoryAccess, privilege: Privilege,
    address: VirtualAddress
  ) {
    self.kind = kind
    self.level = level
    self.access = access
    self.privilege = privilege
    self.address = address
  }
}
