public import MemoryTypes

/// The part of one processor that turns virtual addresses into physical ones.
///
///     address ──> TLBs ── hit ────────────────────────> physical address
///                  └─ miss ──> walk ── leaf allows ──> mark accessed (dirty), fill TLBs ──┘
///                                └─── else ──────────> MMUFault
///
/// It marks leaves itself, as x86 does and arm64 with FEAT_HAFDBS; take `.marksAccessed` or
/// `.marksDirty` out of `control` for an arm64 that leaves it to software, which then serves the
/// fault. Tables are marked accessed by whoever writes them.
@frozen
public struct MMU: ~Copyable {
  /// The high half has a root of its own.
  let hasHighRoot: Bool
  public let memory: DirectMap
  public var control: MMUControl {
    didSet { kernelRights = KernelRights(control) }
  }
  /// The root of the tables in use; nil where walks are off. arm64: TTBR0_EL1. x86: CR3.
  public private(set) var root: PageFrameNumber?
  /// The root for the high half on formats that have one. arm64: TTBR1_EL1.
  public var highRoot: PageFrameNumber?
  public private(set) var asid: ASID
  public var tlb: TLBHierarchy
  /// Translations that ended in a fault.
  public internal(set) var faults: UInt64
  @usableFromInline var kernelRights: KernelRights

  /// An MMU that translates by the tables under `root`, with the control bits that Linux sets.
  public init(
    format: TranslationFormat, memory: DirectMap, root: PageFrameNumber,
    tlb: consuming TLBHierarchy
  ) {
    hasHighRoot = format.hasHighRoot
    self.memory = memory
    control = .standard(for: format)
    kernelRights = KernelRights(control)
    self.root = root
    self.highRoot = nil
    self.asid = ASID(0)
    unsafe tlb.formats.initialize(repeating: format, count: 2)
    self.tlb = tlb
    faults = 0
  }

  /// How the tables under `root` are read; those under `highRoot` too, unless TCR_EL1 differs.
  public var format: TranslationFormat { format(isHigh: false).pointee }
  public var highFormat: TranslationFormat { format(isHigh: true).pointee }

  @inline(__always)
  func format(isHigh: Bool) -> Ref<TranslationFormat> {
    unsafe Ref(tlb.formats + (isHigh ? 1 : 0))
  }

  /// Uses the tables under `root` from now on. What the TLBs hold for `asid` must agree with them.
  ///
  /// Where translations have no identifiers, another root forgets all that are not global.
  public mutating func loadRoot(_ root: PageFrameNumber, asid: ASID) {
    if !control.contains(.identifiers), root != self.root {
      tlb.forget(.invpcidAllButGlobal)
    }
    self.root = root
    self.asid = identifier(asid.rawValue)
  }

  /// Another division of the addresses, and other roots. arm64: TCR_EL1, TTBR0_EL1, TTBR1_EL1.
  ///
  /// TTBR: the ASID in bits 63:48, the root's address from bit 47 down to its page's size; in
  /// 52-bit formats bits 5:2 are address bits 51:48. Nothing is forgotten: software invalidates.
  public mutating func load(_ tcr: TranslationControl, ttbr0: UInt64, ttbr1: UInt64) {
    format(isHigh: false).pointee = tcr.lowFormat
    format(isHigh: true).pointee = tcr.highFormat
    root = tcr.isLowDisabled ? nil : Self.rootFrame(ttbr0, format)
    highRoot = tcr.isHighDisabled ? nil : Self.rootFrame(ttbr1, highFormat)
    control.subtract(TranslationControl.controls)
    control.formUnion(tcr.control)
    asid = identifier(UInt16((tcr.isIdentifierHigh ? ttbr1 : ttbr0) >> 48))
  }

  private static func rootFrame(_ register: UInt64, _ format: TranslationFormat) -> PageFrameNumber
  {
    let low = register & 0x0000_FFFF_FFFF_FFC0
    let high = format.bits.highAddress == 0 ? 0 : (register & 0x3C) << 46
    return format.pageSize.frame(of: PhysicalAddress(low | high))
  }

  /// Another root. x86: MOV to CR3.
  ///
  /// Bits 51:12 are the root's address, 11:0 the PCID where CR4.PCIDE is set. What is cached for
  /// it and not global goes, unless PCIDE and bit 63 are set.
  public mutating func load(cr3: UInt64) {
    root = format.pageSize.frame(of: PhysicalAddress(cr3 & 0x000F_FFFF_FFFF_F000))
    asid = identifier(UInt16(cr3 & 0xFFF))
    if control.contains(.identifiers) {
      if cr3 >> 63 == 0 { tlb.forget(.invpcid(asid)) }
    } else {
      tlb.forget(.invpcidAllButGlobal)
    }
  }

  private func identifier(_ number: UInt16) -> ASID {
    guard control.contains(.identifiers) else { return ASID(0) }
    let isNarrow = hasHighRoot && !control.contains(.wideIdentifiers)
    return ASID(isNarrow ? number & 0xFF : number)
  }

  /// The physical address behind `address`, if `privilege` may do `access` there.
  ///
  /// Never traps: whatever stands in tables and addresses ends in an address or a fault. The
  /// address may lie beyond RAM, where devices would be. A fault names the address without its tag,
  /// where tags are ignored.
  @inlinable @inline(__always)
  public mutating func translate(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let rights = rights(access, privilege)
    let hit =
      access == .execute
      ? tlb.instruction.small.lookUp(address, asid: asid, rights: rights)
      : tlb.data.small.lookUp(address, asid: asid, rights: rights)
    if let hit { return hit }
    return try translateLong(address, access, privilege)
  }

  @usableFromInline @inline(never)
  mutating func translateLong(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let address = untagged(address)
    let hit = tlb.lookUpLong(
      address, asid: asid, rights: rights(access, privilege), isFetch: access == .execute)
    if let hit { return hit }
    return try walkAndFill(address, access, privilege)
  }

  /// The address without its tag: what tables and TLBs know it by.
  @inline(__always)
  func untagged(_ address: VirtualAddress) -> VirtualAddress {
    guard !control.isDisjoint(with: [.ignoresLowTag, .ignoresHighTag]) else { return address }
    let isHigh = isInHighHalf(address)
    guard control.contains(isHigh ? .ignoresHighTag : .ignoresLowTag) else { return address }
    let tag = (0xFF as UInt) << 56
    return VirtualAddress(isHigh ? address.rawValue | tag : address.rawValue & ~tag)
  }

  /// The bit of `AccessRights` that an access asks for.
  @inlinable @inline(__always)
  func rights(_ access: MemoryAccess, _ privilege: Privilege) -> UInt64 {
    if privilege == .user { return 1 &<< UInt64(access.rawValue) }
    switch access {
    case .read: return kernelRights.read
    case .write: return kernelRights.write
    case .execute: return kernelRights.execute
    }
  }
}

/// Which bits of `AccessRights` the kernel's accesses ask for under the control bits of the moment.
@usableFromInline
struct KernelRights {
  @usableFromInline var read: UInt64
  @usableFromInline var write: UInt64
  @usableFromInline var execute: UInt64

  init(_ control: MMUControl) {
    let isOwnOnly = control.contains(.noKernelAccess)
    read = isOwnOnly ? AccessRights.kernelReadOwn : AccessRights.kernelRead
    if control.contains(.writeProtect) {
      write = isOwnOnly ? AccessRights.kernelWriteOwn : AccessRights.kernelWrite
    } else {
      write = isOwnOnly ? AccessRights.kernelWriteAnyOwn : AccessRights.kernelWriteAny
    }
    execute =
      control.contains(.noKernelExecution)
      ? AccessRights.kernelExecute : AccessRights.kernelExecuteAny
  }
}
