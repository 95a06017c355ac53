import CArm64
import Machine
import MemoryTypes
import MetalArm64
import PageTables
import PhysicalMemory
import TranslationCheck

/// An arm64 processor at EL1, whose low half is under test; the image runs in the high half.
struct Processor: TestedProcessor {
  let geometry: Geometry
  /// TCR_EL1.HA and HD, and what IPS says, in this round.
  private var marksAccessed = false
  private var marksDirty = false
  private(set) var physicalBits: UInt8

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
  var addressLimit: UInt { 1 << UInt(geometry.addressBits) }
  var translatesOnly: Bool { true }

  var tlb: TLBModel {
    var model = TLBModel.neoverseN1
    model.timings = .free
    return model
  }

  mutating func vary(_ random: inout SeededGenerator) {
    // ID_AA64MMFR1_EL1.HAFDBS: 1, access flags; 2, dirty state too.
    let marking = read_id_aa64mmfr1_el1() & 15
    marksAccessed = marking >= 1 && random.next(below: 3) != 0
    marksDirty = marking >= 2 && marksAccessed && random.next(below: 2) == 0
    switch random.next(below: 4) {
    case 0: physicalBits = 36
    case 1: physicalBits = 40
    default: physicalBits = geometry.usablePhysicalBits
    }
  }

  func prepare(_ tables: inout PageTable<Ref<PageAllocator>>) {}

  func load(_ root: PageFrameNumber, _ model: inout MMU) {
    let ttbr0 = geometry.pageSize.address(of: root).rawValue | 1 << 48
    write_mair_el1(format.memoryTypeRegister)
    write_tcr_el1(translationControl)
    write_ttbr0_el1(ttbr0)
    invalidate_all()
    model.load(TranslationControl(read_tcr_el1()), ttbr0: ttbr0, ttbr1: read_ttbr1_el1())
  }

  /// TCR_EL1: walks through write-back caches; the high half as the start code has it.
  private var translationControl: UInt64 {
    let cached: UInt64 = 1 << 8 | 1 << 10 | 3 << 12
    let granule: UInt64 =
      geometry.pageSize == .size4K ? 0 : geometry.pageSize == .size64K ? 1 : 2
    let low = UInt64(64 - geometry.addressBits) | cached | granule << 14
    let high = UInt64(16) << 16 | cached << 16 | 2 << 30
    let marking: UInt64 = (marksAccessed ? 1 << 39 : 0) | (marksDirty ? 1 << 40 : 0)
    return low | high | physicalSize << 32 | 1 << 36 | marking
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
    write_ttbr0_el1(boot_root_address() &- UInt64(directMapStart))
    invalidate_all()
  }

  func forget() { invalidate_all() }

  /// Bit 55 is clear, so the low half is meant.
  func outside(_ random: inout SeededGenerator) -> VirtualAddress {
    let address = UInt(truncatingIfNeeded: random.next()) & ~(1 << 55)
    let choice = random.next(below: 2)
    return VirtualAddress(choice == 0 ? address : addressLimit | address & (addressLimit &- 1))
  }

  func translate(_ question: Question) -> Answer {
    let address = UInt64(question.address.rawValue)
    let isWrite = question.access == .write
    let result =
      question.privilege == .kernel
      ? isWrite ? translate_s1e1w(address) : translate_s1e1r(address)
      : isWrite ? translate_s1e0w(address) : translate_s1e0r(address)
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
