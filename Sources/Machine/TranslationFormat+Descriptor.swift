public import MemoryTypes

/// What a descriptor is, before anyone asks what it permits.
@frozen
public enum DescriptorKind: UInt8, Hashable, Sendable {
  /// All bits 0: nothing was ever put here.
  case empty
  /// The address of the table one level down.
  case table
  /// A leaf that the hardware translates by.
  case leaf
  /// A leaf that keeps its frame but admits nobody. Linux: `pte_protnone()`.
  case inaccessible
  /// Not valid for the hardware, and not empty: software's own word (a swap entry).
  case software
  /// Valid, but of a kind this level cannot have.
  case malformed
  /// Valid, with bits set that must be 0, such as address bits the machine does not have.
  case reserved
}

extension TranslationFormat {
  /// What `descriptor`, found at `level`, is. Every bit pattern has an answer.
  @inline(__always)
  public func kind(of descriptor: UInt64, at level: TranslationLevel) -> DescriptorKind {
    guard descriptor & bits.valid != 0 else { return invalidKind(of: descriptor, at: level) }
    guard descriptor & bits.reserved == 0 else { return .reserved }
    if level == .pte {
      return descriptor & bits.pageMask == bits.pageKind ? .leaf : .malformed
    }
    let kind = descriptor & bits.kindMask
    if kind == bits.tableKind { return .table }
    return kind == bits.blockKind && mayHoldLeaf(level) ? .leaf : .malformed
  }

  private func invalidKind(of descriptor: UInt64, at level: TranslationLevel) -> DescriptorKind {
    if descriptor == 0 { return .empty }
    return descriptor & bits.inaccessible != 0 && mayHoldLeaf(level) ? .inaccessible : .software
  }

  /// Whether entries of `level` may map memory.
  @inline(__always)
  public func mayHoldLeaf(_ level: TranslationLevel) -> Bool {
    leafLevels >> level.rawValue & 1 != 0
  }

  /// The first frame that a table or leaf descriptor of `level` names; others give garbage.
  @inline(__always)
  public func frame(in descriptor: UInt64, at level: TranslationLevel) -> PageFrameNumber {
    let below = (1 as UInt64) << UInt64(shift(of: level)) &- 1
    return pageSize.frame(of: PhysicalAddress(descriptor & bits.address & ~below))
  }

  /// The descriptor that points to the table in `frame`, on the way to `address`.
  public func tableDescriptor(
    _ frame: PageFrameNumber, for address: VirtualAddress
  ) -> UInt64 {
    let base = isHigh(address) ? bits.highTable : bits.lowTable
    return pageSize.address(of: frame).rawValue & bits.address | base
  }

  /// The descriptor of a leaf of `level`, which must be one that may hold leaves.
  ///
  /// What the format cannot say is lost: see `normalized(_:)`. Linux: `mk_pte()`.
  public func leafDescriptor(
    _ frame: PageFrameNumber, _ attributes: LeafAttributes, at level: TranslationLevel = .pte
  ) -> UInt64 {
    var descriptor = level == .pte ? bits.pageKind : bits.blockKind
    descriptor |= pageSize.address(of: frame).rawValue & bits.address
    descriptor |= permissionBits(attributes) | stateBits(attributes)
    let index = UInt64(bits.memoryTypeIndices >> (UInt32(attributes.memoryType.rawValue) &* 4) & 7)
    descriptor |= bits.leafBase | index << UInt64(bits.memoryTypeShift)
    guard attributes.isDisjoint(with: [.read, .write, .execute]) else { return descriptor }
    return descriptor & ~bits.valid | bits.inaccessible
  }

  private func permissionBits(_ attributes: LeafAttributes) -> UInt64 {
    let isUser = attributes.contains(.user)
    var result = isUser ? bits.user | bits.userBase : bits.kernelBase
    if attributes.contains(.write) { result |= bits.writable }
    if !attributes.contains(.execute) {
      result |= isUser ? bits.noExecuteUser : bits.noExecuteKernel
    }
    return result
  }

  private func stateBits(_ attributes: LeafAttributes) -> UInt64 {
    var result: UInt64 = 0
    if attributes.contains(.accessed) { result |= bits.accessed }
    if attributes.contains(.dirty) { result |= bits.dirty }
    if !attributes.isSuperset(of: [.write, .dirty]) { result |= bits.readOnly }
    result |= attributes.contains(.global) ? bits.global : bits.notGlobal
    return result
  }

  /// What a leaf descriptor says; for those of other kinds the answer means nothing.
  public func attributes(of descriptor: UInt64) -> LeafAttributes {
    let isUser = descriptor & bits.user != 0
    let isOpen = bits.readOnly != 0 && descriptor & bits.readOnly == 0
    var result: LeafAttributes = isUser ? .user : []
    if descriptor & bits.accessed != 0 { result.insert(.accessed) }
    if isOpen || descriptor & bits.dirty != 0 { result.insert(.dirty) }
    result.memoryType = memoryType(of: descriptor)
    guard descriptor & bits.valid != 0 else { return result }
    result.insert(.read)
    if isOpen || descriptor & bits.writable != 0 { result.insert(.write) }
    let forbidden = isUser ? bits.noExecuteUser : bits.noExecuteKernel
    if descriptor & forbidden == 0 { result.insert(.execute) }
    let isGlobal =
      bits.global != 0 ? descriptor & bits.global != 0 : descriptor & bits.notGlobal == 0
    if isGlobal { result.insert(.global) }
    return result
  }

  private func memoryType(of descriptor: UInt64) -> MemoryType {
    let index =
      UInt32(truncatingIfNeeded: descriptor & bits.memoryTypeMask)
      >> UInt32(bits.memoryTypeShift)
    for type in 0..<4 as Range<UInt8>
    where bits.memoryTypeIndices >> (UInt32(type) &* 4) & 7 == index {
      return MemoryType(rawValue: type) ?? .writeBack
    }
    return .strictDevice
  }

  /// The attributes as a leaf of this format can hold them.
  public func normalized(_ attributes: LeafAttributes) -> LeafAttributes {
    self.attributes(of: leafDescriptor(PageFrameNumber(0), attributes))
  }

  /// The descriptor after hardware noted a use, and a write if `isWrite`.
  @inline(__always)
  public func marking(_ descriptor: UInt64, isWrite: Bool) -> UInt64 {
    let used = descriptor | bits.accessed
    return isWrite ? (used | bits.hardwareDirty) & ~bits.readOnly : used
  }
}
