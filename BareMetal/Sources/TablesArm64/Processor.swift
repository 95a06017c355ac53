import CArm64
import Machine
import MemoryTypes
import MetalArm64
import PageTables
import PhysicalMemory
import TranslationCheck

/// An arm64 processor at EL1. The image runs in the high half. Mostly the low half is under test; in
/// other rounds it is the high one, for as long as an instruction takes that only translates.
struct Processor: TestedProcessor {
  let geometry: Geometry
  /// What control registers say in this round: TCR_EL1.HA, HD, TBI and IPS, PSTATE.PAN,
  /// SCTLR_EL1.WXN.
  private(set) var control: MMUControl = []
  private(set) var physicalBits: UInt8
  /// The half under test.
  private(set) var isHigh = false

  init(_ geometry: Geometry) {
    self.geometry = geometry
    physicalBits = geometry.usablePhysicalBits
  }

  var format: TranslationFormat {
    .arm64(
      pageSize: geometry.pageSize, virtualAddressBits: geometry.addressBits,
      physicalAddressBits: physicalBits)
  }

  var kernelRoot: PageFrameNumber? { nil }
  var addressStart: UInt { isHigh ? 0 &- 1 << UInt(geometry.addressBits) : 0 }
  /// The last GiB of the high half is left out, so that no range ends at 0.
  var addressLimit: UInt { isHigh ? 0 &- 1 << 30 : 1 << UInt(geometry.addressBits) }
  var translatesOnly: Bool { true }
  var touches: Bool { !isHigh }
  /// ID_AA64ISAR0_EL1.TLB, 2: FEAT_TLBIRANGE.
  var forgetsRanges: Bool { read_id_aa64isar0_el1() >> 56 & 15 >= 2 }

  var tlb: TLBModel {
    var model = TLBModel.neoverseN1
    model.timings = .free
    return model
  }

  mutating func vary(_ random: inout SeededGenerator) {
    isHigh = random.next(below: 4) == 0
    control = []
    if random.next(below: 2) == 0 { control.insert(isHigh ? .ignoresHighTag : .ignoresLowTag) }
    // ID_AA64MMFR1_EL1.HAFDBS: 1, access flags; 2, dirty state too. PAN, 2: with AT S1E1RP.
    let features = read_id_aa64mmfr1_el1()
    if features & 15 >= 1, random.next(below: 3) != 0 { control.insert(.marksAccessed) }
    if features & 15 >= 2, control.contains(.marksAccessed), random.next(below: 2) == 0 {
      control.insert(.marksDirty)
    }
    if !isHigh {
      let hasPAN = features >> 20 & 15 >= 2
      if hasPAN, random.next(below: 3) == 0 { control.insert(.noKernelAccess) }
      if random.next(below: 3) == 0 { control.insert(.noExecuteWritable) }
    }
    switch random.next(below: 4) {
    case 0: physicalBits = 36
    case 1: physicalBits = 40
    default: physicalBits = geometry.usablePhysicalBits
    }
  }

  func prepare(_ tables: inout PageTable<Ref<PageAllocator>>) {}

  func load(_ root: PageFrameNumber, _ model: inout MMU) {
    let address = geometry.pageSize.address(of: root).rawValue
    let low = isHigh ? bootRoot : address | UInt64(ASID.first.rawValue) << 48
    let high = isHigh ? address : read_ttbr1_el1()
    unsafe highRoot = high
    write_mair_el1(format.memoryTypeRegister)
    write_tcr_el1(isHigh ? Self.bootControl : translationControl)
    write_ttbr0_el1(low)
    protect(control)
    invalidate_all()
    model.load(TranslationControl(translationControl), ttbr0: low, ttbr1: high)
    model.control.formUnion(control)
  }

  /// PSTATE.PAN and SCTLR_EL1.WXN.
  private func protect(_ control: MMUControl) {
    let denies = control.contains(.noKernelAccess)
    if denies { deny_user_memory() } else { allow_user_memory() }
    unsafe ownStatus = 0x3C5 | (denies ? 1 << 22 : 0)
    let noExecuteWritable: UInt64 = 1 << 19
    let others = read_sctlr_el1() & ~noExecuteWritable
    write_sctlr_el1(others | (control.contains(.noExecuteWritable) ? noExecuteWritable : 0))
    synchronize_context()
  }

  private var bootRoot: UInt64 { boot_root_address() &- UInt64(directMapStart) }

  /// TCR_EL1 as the start code has it: 48 bits and 4 KiB in both halves, walks through write-back
  /// caches, ASIDs of 16 bits.
  private static var bootControl: UInt64 {
    halfControl(48) | halfControl(48) << 16 | 2 << 30 | 5 << 32 | 1 << 36
  }

  private static func halfControl(_ addressBits: UInt8) -> UInt64 {
    UInt64(64 - addressBits) | 1 << 8 | 1 << 10 | 3 << 12
  }

  /// The same with the half under test as this round has it.
  private var translationControl: UInt64 {
    let half = Self.halfControl(geometry.addressBits)
    let other = Self.halfControl(48)
    let is16K = geometry.pageSize == .size16K
    let is64K = geometry.pageSize == .size64K
    let division: UInt64
    if isHigh {
      division = other | half << 16 | (is16K ? 1 : is64K ? 3 : 2) << 30
    } else {
      division = half | (is16K ? 2 : is64K ? 1 : 0) << 14 | other << 16 | 2 << 30
    }
    return division | physicalSize << 32 | 1 << 36 | controlBits
  }

  private var controlBits: UInt64 {
    var bits: UInt64 = 0
    if control.contains(.ignoresLowTag) { bits |= 1 << 37 }
    if control.contains(.ignoresHighTag) { bits |= 1 << 38 }
    if control.contains(.marksAccessed) { bits |= 1 << 39 }
    if control.contains(.marksDirty) { bits |= 1 << 40 }
    return bits
  }

  private var physicalSize: UInt64 {
    switch physicalBits {
    case 36: 1
    case 40: 2
    case 42: 3
    case 44: 4
    case 48: 5
    default: 6
    }
  }

  func leave() {
    protect([])
    write_tcr_el1(Self.bootControl)
    write_ttbr0_el1(bootRoot)
    invalidate_all()
  }

  func change(to root: PageFrameNumber, _ asid: ASID, _ model: inout MMU) {
    synchronize_tables()
    write_ttbr0_el1(geometry.pageSize.address(of: root).rawValue | UInt64(asid.rawValue) << 48)
    synchronize_context()
    model.loadRoot(root, asid: asid)
  }

  /// Bit 55 says which half is meant.
  func outside(_ random: inout SeededGenerator) -> VirtualAddress {
    let drawn = UInt(truncatingIfNeeded: random.next())
    let address = isHigh ? drawn | 1 << 55 : drawn & ~(1 << 55)
    let count = (1 as UInt) << UInt(geometry.addressBits)
    if random.next(below: 2) == 0 { return VirtualAddress(address) }
    return VirtualAddress(isHigh ? 0 &- count &- 1 &- address % count : count | address % count)
  }

  func tagged(_ address: VirtualAddress, _ random: inout SeededGenerator) -> VirtualAddress {
    guard ignoresTags, random.next(below: 4) == 0 else { return address }
    let tag = UInt(random.next(below: 256)) << 56
    return VirtualAddress(address.rawValue & (.max >> 8) | tag)
  }

  var ignoresTags: Bool { !control.isDisjoint(with: [.ignoresLowTag, .ignoresHighTag]) }

  func translate(_ question: Question) -> Answer {
    let address = UInt64(question.address.rawValue)
    let isWrite = question.access == .write
    let isUser = question.privilege == .user
    let result: UInt64
    if isHigh {
      let instruction: UInt64 = (isWrite ? 1 : 0) + (isUser ? 2 : 0)
      result = unsafe translate_high(address, highRoot, translationControl, instruction)
    } else if isUser {
      result = isWrite ? translate_s1e0w(address) : translate_s1e0r(address)
    } else if control.contains(.noKernelAccess) {
      result = isWrite ? translate_s1e1wp(address) : translate_s1e1rp(address)
    } else {
      result = isWrite ? translate_s1e1w(address) : translate_s1e1r(address)
    }
    return Answer(physicalAddressRegister: result, for: question)
  }

  func expectedTranslation(_ question: Question, _ prediction: Prediction) -> Answer {
    switch prediction {
    case .fault(let fault): return Answer(fault: UInt32(fault.faultStatusCode))
    case .memory(let physical, let attributes):
      let type = attributes.memoryType.attributeByte
      return Answer(place: physical.rawValue, status: UInt32(type) << 8 | attributes.domain)
    }
  }
}

/// TTBR1_EL1 of a round of the high half, while the image runs in its own.
nonisolated(unsafe) private var highRoot: UInt64 = 0

extension Answer {
  /// PAR_EL1. Arm ARM D24.2.116.
  ///
  ///      63  56 55  52 51        12 11      9 8 7 6    1 0
  ///     +------+------+------------+---------+---+------+-+
  ///     | ATTR |   0  |  address   |    …    |SH |   …  |0|
  ///     |                   …                    | FST  |1|
  ///     +----------------------------------------+------+-+
  fileprivate init(physicalAddressRegister value: UInt64, for question: Question) {
    guard value & 1 == 0 else {
      self.init(fault: UInt32(value >> 1 & 63))
      return
    }
    let page = value & 0x000F_FFFF_FFFF_F000
    let offset = UInt64(question.address.rawValue) & 0xFFF
    let type = UInt32(value >> 56)
    self.init(
      place: page | offset,
      status: type << 8 | (type.isOfOuterDomain ? 2 : UInt32(value >> 7 & 3)))
  }
}

extension MemoryType {
  /// The byte of MAIR_EL1, written down a second time.
  fileprivate var attributeByte: UInt8 {
    switch self {
    case .writeBack: 0xFF
    case .nonCacheable: 0x44
    case .device: 0x04
    case .strictDevice: 0x00
    case .gatheringDevice: 0x0C
    case .writeThrough, .writeProtected: 0xBB
    }
  }
}

extension UInt32 {
  /// Devices and what is not cached belong to the outer domain, whatever the leaf says; PAR_EL1
  /// may show either (D24.2.116, the note at SH).
  fileprivate var isOfOuterDomain: Bool { self & 0xF0 == 0 || self == 0x44 }
}

extension LeafAttributes {
  /// SH as PAR_EL1 has it.
  fileprivate var domain: UInt32 {
    if UInt32(memoryType.attributeByte).isOfOuterDomain { return 2 }
    return shareability == .inner ? 3 : shareability == .outer ? 2 : 0
  }
}
