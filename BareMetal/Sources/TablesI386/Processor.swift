import CI386
import Machine
import MemoryTypes
import MetalI386
import PageTables
import PhysicalMemory
import TranslationCheck

/// An i386 processor whose addresses below 3 GiB are under test; the image runs above.
struct Processor: TestedProcessor {
  let format: TranslationFormat
  private(set) var control: MMUControl = []

  init(_ format: TranslationFormat) { self.format = format }

  var kernelRoot: PageFrameNumber? {
    let directory = PhysicalAddress(UInt64(UInt(boot_directory_address()) - directMapStart))
    return format.pageSize.frame(of: directory)
  }

  /// The last 4 MiB below 3 GiB hold what ring 3 runs.
  var addressStart: UInt { 0 }
  var addressLimit: UInt { 0xBFC0_0000 }
  var physicalBits: UInt8 { 32 }
  var translatesOnly: Bool { false }
  var touches: Bool { true }
  var forgetsRanges: Bool { false }

  var tlb: TLBModel {
    var model = TLBModel.bonnell
    model.timings = .free
    return model
  }

  /// CR0.WP; CR4.PGE, and SMEP and SMAP where CPUID has them.
  mutating func vary(_ random: inout SeededGenerator) {
    let writeProtect: UInt32 = 1 << 16
    let features = read_features(7).ebx
    var extensions: UInt32 = 1 << 7
    if features >> 7 & 1 != 0 { extensions |= 1 << 20 }
    if features >> 20 & 1 != 0 { extensions |= 1 << 21 }
    let drawn = UInt32(truncatingIfNeeded: random.next())
    let isProtecting = random.next(below: 4) != 0
    write_cr0(read_cr0() & ~writeProtect | (isProtecting ? writeProtect : 0))
    write_cr4(read_cr4() & ~extensions | drawn & extensions)
    control = MMUControl(
      cr0: UInt64(read_cr0()), cr4: UInt64(read_cr4()), efer: ExtendedFeatures.value)
  }

  func prepare(_ tables: inout PageTable<Ref<PageAllocator>>) throws(AllocationError) {
    let code = PhysicalAddress(UInt64(UInt(user_probes_address()) - directMapStart))
    try tables.map(
      VirtualAddress(userProbes), to: format.pageSize.frame(of: code),
      [.read, .execute, .kernelExecute, .user, .accessed])
  }

  /// Where ring 3 finds its code.
  var userProbes: UInt { 0xBFFF_E000 }

  func load(_ root: PageFrameNumber, _ model: inout MMU) {
    let address = format.pageSize.address(of: root).rawValue
    write_cr3(UInt32(truncatingIfNeeded: address))
    forget()
    model.control = control
    model.load(cr3: address)
  }

  func leave() {
    if let kernelRoot {
      write_cr3(UInt32(truncatingIfNeeded: format.pageSize.address(of: kernelRoot).rawValue))
    }
    forget()
  }

  /// A change of CR4.PGE forgets global pages too.
  func forget() {
    let globalPages: UInt32 = 1 << 7
    let extensions = read_cr4()
    write_cr4(extensions ^ globalPages)
    write_cr4(extensions)
  }

  /// Nothing tells address spaces apart: a change forgets all that is not global.
  func change(to root: PageFrameNumber, _ asid: ASID, _ model: inout MMU) {
    let address = format.pageSize.address(of: root).rawValue
    write_cr3(UInt32(truncatingIfNeeded: address))
    model.load(cr3: address)
  }

  func forget(_ page: VirtualAddress, _ asid: ASID) {
    invalidate_address(UInt32(page.rawValue))
  }

  func forget(_ range: VirtualRange, _ asid: ASID) { forget() }

  func forget(_ asid: ASID) { write_cr3(read_cr3()) }

  func tagged(_ address: VirtualAddress, _ random: inout SeededGenerator) -> VirtualAddress {
    address
  }

  /// There are no addresses beyond the tables.
  func outside(_ random: inout SeededGenerator) -> VirtualAddress {
    VirtualAddress(UInt(truncatingIfNeeded: random.next()) % addressLimit)
  }

  func translate(_ question: Question) -> Answer { Answer(place: 0) }

  func expectedTranslation(_ question: Question, _ prediction: Prediction) -> Answer {
    Answer(place: 0)
  }

  func isKnownToDiffer(_ question: Question, at walk: TranslationWalk) -> Bool { false }

  /// With PSE-36, which the format leaves out, bits 20:13 of a 4 MiB leaf are address bits.
  func mayFlip(_ bit: UInt64, of walk: TranslationWalk) -> Bool {
    format.entryShift == 3 || walk.level == .pte || bit & 0x1F_E000 == 0
  }
}

/// EFER, which not every i386 processor has.
enum ExtendedFeatures {
  private static var number: UInt32 { 0xC000_0080 }
  private static var executeDisable: UInt64 { 1 << 11 }

  /// CPUID 0x80000001, EDX bit 20.
  static var hasExecuteDisable: Bool { read_features(0x8000_0001).edx >> 20 & 1 != 0 }

  /// 0 where there is no such register.
  static var value: UInt64 { hasExecuteDisable ? read_model_register(number) : 0 }

  static func enableExecuteDisable() {
    write_model_register(number, read_model_register(number) | executeDisable)
  }
}
