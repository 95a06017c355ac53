public import MemoryTypes

extension TranslationFormat {
  /// The first frame that a table or leaf descriptor of `level` names; others give garbage.
  @inlinable @inline(__always)
  public func frame(in descriptor: UInt64, at level: TranslationLevel) -> PageFrameNumber {
    pageSize.frame(of: blockAddress(in: descriptor, at: level))
  }

  /// The first byte of what a table or leaf descriptor of `level` names.
  ///
  /// The table that any descriptor points to is `blockAddress(in: descriptor, at: .pte)`.
  @inlinable @inline(__always)
  public func blockAddress(in descriptor: UInt64, at level: TranslationLevel) -> PhysicalAddress {
    let below = (1 as UInt64) &<< UInt64(shift(of: level)) &- 1
    let low = descriptor & bits.address & ~below
    guard bits.highAddress != 0 else { return PhysicalAddress(low) }
    let high = (descriptor & bits.highAddress) &<< UInt64(bits.highAddressShift)
    return PhysicalAddress(low | high)
  }

  @inline(__always)
  func leafAddressBits(_ frame: PageFrameNumber) -> UInt64 {
    let address = pageSize.address(of: frame).rawValue
    return address & bits.address
      | (address &>> UInt64(bits.highAddressShift)) & bits.highAddress
  }

  /// The descriptor at `level` that points to the table in `frame`, on the way to `address`.
  public func tableDescriptor(
    _ frame: PageFrameNumber, for address: VirtualAddress, at level: TranslationLevel = .pmd
  ) -> UInt64 {
    let base = isHigh(address) ? bits.highTable : bits.lowTable
    let isOwnRoot = level == root && bits.rootTable != 0
    return leafAddressBits(frame) | (isOwnRoot ? bits.rootTable : base)
  }

  /// The descriptor of a leaf of `level`, which must be one that may hold leaves.
  ///
  /// What the format cannot say is lost: see `normalized(_:at:)`. Linux: `mk_pte()`.
  @inline(__always)
  public func leafDescriptor(
    _ frame: PageFrameNumber, _ attributes: LeafAttributes, at level: TranslationLevel = .pte
  ) -> UInt64 {
    leafAddressBits(frame) | leafBits(attributes, at: level)
  }

  /// A leaf descriptor without its frame: what a run of leaves has in common.
  public func leafBits(_ attributes: LeafAttributes, at level: TranslationLevel) -> UInt64 {
    let descriptor =
      (level == .pte ? bits.pageKind : bits.blockKind) | permissionBits(attributes)
      | markBits(attributes) | typeBits(attributes, at: level)
      | (contiguousShift(of: level) == 0 ? 0 : attributes[.contiguous, bits.contiguous])
    guard attributes.isDisjoint(with: .permissions) else { return descriptor }
    return descriptor & ~bits.valid | bits.inaccessible
  }

  private func permissionBits(_ attributes: LeafAttributes) -> UInt64 {
    var result = attributes[.user, bits.user] | attributes[.write, bits.writable]
    if !attributes.contains(.execute) { result |= bits.noExecuteUser }
    if !attributes.contains(.kernelExecute) { result |= bits.noExecuteKernel }
    if attributes.isDisjoint(with: [.execute, .kernelExecute]) { result |= bits.noExecute }
    return result
  }

  private func markBits(_ attributes: LeafAttributes) -> UInt64 {
    var result = attributes[.accessed, bits.accessed] | attributes[.dirty, bits.dirty]
    if !attributes.isSuperset(of: [.write, .dirty]) { result |= bits.readOnly }
    result |= attributes.contains(.global) ? bits.global : bits.notGlobal
    return result | attributes[.special, bits.special]
      | attributes[.deviceMemory, bits.deviceMemory] | attributes[.softDirty, bits.softDirty]
  }

  private func typeBits(_ attributes: LeafAttributes, at level: TranslationLevel) -> UInt64 {
    let type = UInt32(attributes.memoryType.rawValue)
    let index = UInt64(bits.memoryTypeIndices &>> (type &* 4) & 7)
    var result = (index &<< UInt64(bits.memoryTypeShift)) & bits.memoryTypeMask
    if index & 4 != 0 { result |= memoryTypeHigh(at: level) }
    switch attributes.shareability {
    case .inner: result |= bits.shareability
    // The upper of the two bits alone.
    case .outer: result |= bits.shareability & bits.shareability &<< 1
    case .none: break
    }
    return result
  }

  @inline(__always)
  private func memoryTypeHigh(at level: TranslationLevel) -> UInt64 {
    level == .pte ? bits.memoryTypeHighPage : bits.memoryTypeHighBlock
  }

  /// What a leaf descriptor of `level` says; for those of other kinds the answer means nothing.
  @inline(__always)
  public func attributes(
    of descriptor: UInt64, at level: TranslationLevel = .pte
  ) -> LeafAttributes {
    var result = softwareMarks(of: descriptor)
    result.rawValue |= typeAttributes(of: descriptor, at: level)
    let isOpen = bits.readOnly != 0 && descriptor & bits.readOnly == 0
    result.insert(.user, if: descriptor & bits.user != 0)
    result.insert(.accessed, if: descriptor & bits.accessed != 0)
    result.insert(.dirty, if: isOpen || descriptor & bits.dirty != 0)
    guard descriptor & bits.valid != 0 else { return result }
    result.insert(.read)
    result.insert(.write, if: isOpen || descriptor & bits.writable != 0)
    let isUsers = bits.noExecuteUser != 0 || descriptor & bits.user != 0
    result.insert(
      .execute, if: isUsers && descriptor & (bits.noExecute | bits.noExecuteUser) == 0)
    result.insert(
      .kernelExecute, if: descriptor & (bits.noExecute | bits.noExecuteKernel) == 0)
    result.insert(.global, if: (descriptor ^ bits.notGlobal) & (bits.global | bits.notGlobal) != 0)
    result.insert(
      .contiguous, if: descriptor & bits.contiguous != 0 && contiguousShift(of: level) != 0)
    return result
  }

  @inline(__always)
  private func softwareMarks(of descriptor: UInt64) -> LeafAttributes {
    var result: LeafAttributes = []
    result.insert(.special, if: descriptor & bits.special != 0)
    result.insert(.deviceMemory, if: descriptor & bits.deviceMemory != 0)
    result.insert(.softDirty, if: descriptor & bits.softDirty != 0)
    return result
  }

  /// Memory type and shareability, in their places in `LeafAttributes.rawValue`.
  @inline(__always)
  private func typeAttributes(of descriptor: UInt64, at level: TranslationLevel) -> UInt32 {
    let low = (descriptor & bits.memoryTypeMask) &>> UInt64(bits.memoryTypeShift)
    let high: UInt64 = descriptor & memoryTypeHigh(at: level) != 0 ? 4 : 0
    let type = bits.memoryTypes &>> (UInt32(truncatingIfNeeded: low | high) &* 4) & 7
    let shared = descriptor & bits.shareability
    let upper = bits.shareability & bits.shareability &<< 1
    let shareability: Shareability =
      shared == bits.shareability ? .inner : shared == upper ? .outer : .none
    return type &<< 12 | UInt32(shareability.rawValue) &<< 16
  }

  /// The attributes as a leaf of this format and `level` can hold them.
  public func normalized(
    _ attributes: LeafAttributes, at level: TranslationLevel = .pte
  ) -> LeafAttributes {
    self.attributes(of: leafBits(attributes, at: level), at: level)
  }

  /// The descriptor after hardware noted a use, and a write if `isWrite`.
  @inline(__always)
  public func marking(_ descriptor: UInt64, isWrite: Bool) -> UInt64 {
    let used = descriptor | bits.accessed
    return isWrite ? (used | bits.hardwareDirty) & ~bits.readOnly : used
  }

  /// Whether a write through the leaf `descriptor` changes more of it than its access flag.
  @inline(__always)
  func wantsMark(ofWrite descriptor: UInt64) -> Bool {
    marking(descriptor, isWrite: true) != marking(descriptor, isWrite: false)
  }
}

extension LeafAttributes {
  /// `mask` if it contains `member`, else 0.
  @inline(__always)
  fileprivate subscript(member: LeafAttributes, mask: UInt64) -> UInt64 {
    contains(member) ? mask : 0
  }

  @inline(__always)
  fileprivate mutating func insert(_ member: LeafAttributes, if condition: Bool) {
    if condition { rawValue |= member.rawValue }
  }
}
