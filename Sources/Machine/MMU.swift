public import MemoryTypes

/// The part of one processor that turns virtual addresses into physical ones.
///
///     address ──> TLB ── hit ─────────────────────────> physical address
///                  └─ miss ──> walk ── leaf allows ──> mark accessed (dirty), fill TLB ──┘
///                                └─── else ──────────> MMUFault
///
/// It marks leaves itself, as x86 does and arm64 with FEAT_HAFDBS; take a member out of `updates`
/// for an arm64 that leaves it to software, which then serves the fault. Tables are marked
/// accessed by whoever writes them.
@frozen
public struct MMU: ~Copyable {
  public let format: TranslationFormat
  public let memory: DirectMap
  /// What this MMU writes into leaves by itself.
  public var updates: HardwareUpdates
  /// The root of the tables in use. arm64: TTBR0_EL1. x86: CR3.
  public private(set) var root: PageFrameNumber
  public private(set) var asid: ASID
  /// The root for the high half on formats that have one. arm64: TTBR1_EL1.
  public var highRoot: PageFrameNumber?
  public var tlb: TLB
  /// Walks through the tables, and table entries they read.
  public private(set) var walks: UInt64
  public private(set) var walkReferences: UInt64
  /// Translations that ended in a fault.
  public private(set) var faults: UInt64

  /// An MMU that translates by the tables under `root`.
  public init(
    format: TranslationFormat, memory: DirectMap, root: PageFrameNumber, tlb: consuming TLB
  ) {
    precondition(format.pageSize == memory.pageSize, "format and RAM differ in page size")
    self.format = format
    self.memory = memory
    self.updates = [.accessed, .dirty]
    self.root = root
    self.asid = ASID(0)
    self.highRoot = nil
    self.tlb = tlb
    walks = 0
    walkReferences = 0
    faults = 0
  }

  /// Uses the tables under `root` from now on. What the TLB holds for `asid` must agree with them.
  public mutating func loadRoot(_ root: PageFrameNumber, asid: ASID) {
    self.root = root
    self.asid = asid
  }

  /// The physical address behind `address`, if `privilege` may do `access` there.
  ///
  /// Never traps: whatever stands in tables and addresses ends in an address or a fault. The
  /// address may lie beyond RAM, where devices would be.
  @inline(__always)
  public mutating func translate(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let permission = TLB.permission(access, privilege)
    if let hit = tlb.lookUp(address, asid: asid, permission: permission) { return hit }
    return try walkAndFill(address, access, privilege)
  }

  @inline(never)
  private mutating func walkAndFill(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let walk = walkTables(address)
    walks &+= 1
    walkReferences &+= UInt64(walk.references)
    let fault: MMUFault.Kind
    if let kind = faultKind(of: walk.outcome) {
      fault = kind
    } else {
      let allowed = permissions(of: walk)
      if allowed & TLB.permission(access, privilege) == 0 {
        fault = .permission
      } else if let kind = update(walk, access) {
        fault = kind
      } else {
        return fill(address, walk, allowed, isWrite: access == .write)
      }
    }
    faults &+= 1
    throw MMUFault(
      fault, level: walk.level, access: access, privilege: privilege, address: address)
  }

  /// A walk from the root that `address` belongs to; changes nothing.
  public func walkTables(_ address: VirtualAddress) -> TranslationWalk {
    guard format.hasHighRoot, format.isHigh(address) else {
      return format.walk(address, from: root, in: memory)
    }
    guard let highRoot else {
      var walk = format.walk(address, from: PageFrameNumber(.max), in: memory)
      walk.outcome = .empty
      return walk
    }
    return format.walk(address, from: highRoot, in: memory)
  }

  private func faultKind(of outcome: TranslationWalk.Outcome) -> MMUFault.Kind? {
    switch outcome {
    case .leaf: nil
    case .inaccessible, .empty, .software: .translation
    case .malformed: format.malformedFault
    case .reserved: format.reservedFault
    case .noMemory: .externalAbort
    case .nonCanonical: .nonCanonical
    }
  }

  /// Who may do what, as bits of `TLB.permission`.
  ///
  /// The kernel reads and writes what programs do (it must serve them), but never executes it:
  /// x86 with SMEP, arm64 by PXN.
  func permissions(of walk: TranslationWalk) -> UInt64 {
    let attributes = format.effectiveAttributes(of: walk)
    let isUser = attributes.contains(.user)
    var kernel = TLB.permission(.read, .kernel)
    if attributes.contains(.write) { kernel |= TLB.permission(.write, .kernel) }
    let user = isUser ? kernel >> 3 : 0
    if attributes.contains(.kernelExecute), !isUser { kernel |= TLB.permission(.execute, .kernel) }
    let execute = attributes.contains(.execute) ? TLB.permission(.execute, .user) : 0
    return kernel | user | execute
  }

  /// Marks the leaf as used; or says which fault asks software to do it.
  private func update(_ walk: TranslationWalk, _ access: MemoryAccess) -> MMUFault.Kind? {
    let marked = format.marking(walk.descriptor, isWrite: access == .write)
    guard marked != walk.descriptor else { return nil }
    let isNewlyUsed = walk.descriptor & format.bits.accessed == 0
    if isNewlyUsed, !updates.contains(.accessed) { return .accessFlag }
    let used = format.marking(walk.descriptor, isWrite: false)
    if marked != used, !updates.contains(.dirty) { return .permission }
    format.store(marked, at: walk.entry, in: memory)
    return nil
  }

  private mutating func fill(
    _ address: VirtualAddress, _ walk: TranslationWalk, _ allowed: UInt64, isWrite: Bool
  ) -> PhysicalAddress {
    let within = UInt64(address.rawValue) & ((1 << UInt64(format.shift(of: walk.level))) &- 1)
    let block = format.pageSize.address(of: format.frame(in: walk.descriptor, at: walk.level))
    let physical = block.rawValue | within
    let attributes = format.attributes(of: walk.descriptor, at: walk.level)
    var permissions = allowed
    if !isWrite, !attributes.contains(.dirty) {
      permissions &= ~(TLB.permission(.write, .user) | TLB.permission(.write, .kernel))
    }
    let page = physical & ~UInt64(format.pageSize.offsetMask)
    tlb.insert(
      address, frame: page | permissions, asid: asid, isGlobal: attributes.contains(.global))
    return PhysicalAddress(physical)
  }
}

/// What an MMU writes into leaves by itself; the rest it leaves to software, by a fault.
@frozen
public struct HardwareUpdates: OptionSet, Hashable, Sendable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// arm64: TCR_EL1.HA. Always on x86.
  public static var accessed: Self { Self(rawValue: 1) }
  /// arm64: TCR_EL1.HD. Always on x86.
  public static var dirty: Self { Self(rawValue: 2) }
}
