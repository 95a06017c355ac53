import CArm64
import Machine
import MemoryTypes

/// A way to divide the low half's addresses.
struct Geometry {
  var name: StaticString
  var pageSize: PageSize
  var addressBits: UInt8
  /// The most that TCR_EL1.IPS may say.
  var physicalBits: UInt8 = 48

  static var all: InlineArray<8, Geometry> {
    [
      Geometry(name: "arm64 4K/39", pageSize: .size4K, addressBits: 39),
      Geometry(name: "arm64 4K/48", pageSize: .size4K, addressBits: 48),
      Geometry(name: "arm64 16K/36", pageSize: .size16K, addressBits: 36),
      Geometry(name: "arm64 16K/47", pageSize: .size16K, addressBits: 47),
      Geometry(name: "arm64 16K/48", pageSize: .size16K, addressBits: 48),
      Geometry(name: "arm64 64K/42", pageSize: .size64K, addressBits: 42),
      Geometry(name: "arm64 64K/48", pageSize: .size64K, addressBits: 48),
      Geometry(name: "arm64 64K/52", pageSize: .size64K, addressBits: 52, physicalBits: 52),
    ]
  }

  /// What IPS may say on this processor: ID_AA64MMFR0_EL1.PARange, codes as IPS has them.
  var usablePhysicalBits: UInt8 {
    let sizes: InlineArray<7, UInt8> = [32, 36, 40, 42, 44, 48, 52]
    return min(physicalBits, sizes[Int(min(read_id_aa64mmfr0_el1() & 15, 6))])
  }

  /// Whether this processor has it. Arm ARM D24.2.75 "ID_AA64MMFR0_EL1" and the two after it.
  var isSupported: Bool {
    let features = read_id_aa64mmfr0_el1()
    let has16K = features >> 20 & 15 != 0
    let has64K = features >> 24 & 15 == 0
    let has4K = features >> 28 & 15 != 15
    let hasGranule = pageSize == .size4K ? has4K : pageSize == .size16K ? has16K : has64K
    let hasWideAddresses = read_id_aa64mmfr2_el1() >> 16 & 15 != 0
    let hasWideMemory = features & 15 >= 6
    return hasGranule && (addressBits <= 48 || hasWideAddresses)
      && (physicalBits <= 48 || hasWideMemory)
  }
}
