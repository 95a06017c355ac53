import Machine
import MemoryTypes

/// Translation as the manuals describe it, written down once more and plainly: no format, no TLB, no
/// table of masks. Hardware marks leaves; SMEP, CR0.WP and EFER.NXE are on, SMAP and PAN off.
struct ManualWalk {
  enum Answer: Equatable {
    case address(UInt64)
    /// `level` counts from the last table up.
    case fault(MMUFault.Kind, level: UInt8)
  }

  let memory: DirectMap
  let geometry: MMUGeometry
  let root: UInt64
  /// arm64's TTBR1.
  let highRoot: UInt64

  /// The answer, and where the leaf stands.
  func translate(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege
  ) -> (answer: Answer, leaf: UInt64) {
    switch geometry.kind {
    case .arm64(let pageShift, let bits, let physicalBits):
      arm64(address, access, privilege, UInt64(pageShift), UInt64(bits), physicalBits > 48)
    case .x86_64(let levels): x86(address, access, privilege, levels: UInt64(levels))
    case .pae: pae(address, access, privilege)
    case .i386: i386(address, access, privilege)
    }
  }

  private func read(_ address: UInt64, _ bytes: Int) -> UInt64 {
    let pointer = unsafe memory.pointer(to: PhysicalAddress(address))
    return bytes == 8
      ? unsafe pointer.load(as: UInt64.self) : unsafe UInt64(pointer.load(as: UInt32.self))
  }

  private func bit(_ value: UInt64, _ number: UInt64) -> Bool { value >> number & 1 != 0 }

  // MARK: arm64, Arm ARM D8.2 to D8.4

  private func arm64(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege, _ pageShift: UInt64,
    _ addressBits: UInt64, _ isWide: Bool
  ) -> (Answer, UInt64) {
    let isHigh = bit(address, 55)
    guard address >> addressBits == (isHigh ? ~0 >> addressBits : 0) else {
      return (.fault(.translation, level: 3), 0)
    }
    var table = isHigh ? highRoot : root
    let stride = pageShift - 3
    var level = 3 - (addressBits - pageShift - 1) / stride
    var width = addressBits - (pageShift + (3 - level) * stride)
    var readOnly = false, noUser = false, noUserExecute = false, noKernelExecute = false
    while true {
      let shift = pageShift + (3 - level) * stride
      let entry = table + (address >> shift & ((1 << width) - 1)) * 8
      let descriptor = read(entry, 8)
      let up = UInt8(3 - level)
      guard bit(descriptor, 0) else { return (.fault(.translation, level: up), entry) }
      let isLeaf = level == 3 || !bit(descriptor, 1)
      var output = descriptor & 0xFFFF_FFFF_F000 & ~((1 << pageShift) - 1)
      if isWide { output |= (descriptor >> 12 & 15) << 48 }
      if !isLeaf {
        noUser = noUser || bit(descriptor, 61)
        readOnly = readOnly || bit(descriptor, 62)
        noUserExecute = noUserExecute || bit(descriptor, 60)
        noKernelExecute = noKernelExecute || bit(descriptor, 59)
        table = output
        level += 1
        width = stride
        continue
      }
      let mayBlock = pageShift == 12 ? level == 1 || level == 2 : level == 2 || level == 1 && isWide
      guard level == 3 ? bit(descriptor, 1) : mayBlock else {
        return (.fault(.translation, level: up), entry)
      }
      let isUser = bit(descriptor, 6) && !noUser
      let isWritable = (!bit(descriptor, 7) || bit(descriptor, 51)) && !readOnly
      let userRuns = !bit(descriptor, 54) && !noUserExecute
      let kernelRuns = !bit(descriptor, 53) && !noKernelExecute && !(isUser && isWritable)
      let isAllowed =
        switch access {
        case .read: privilege == .kernel || isUser
        case .write: (privilege == .kernel || isUser) && isWritable
        case .execute: privilege == .kernel ? kernelRuns : userRuns
        }
      guard isAllowed else { return (.fault(.permission, level: up), entry) }
      let inside: UInt64 = (1 << shift) - 1
      return (.address(output & ~inside | address & inside), entry)
    }
  }

  // MARK: x86, Intel SDM volume 3A, "Paging"

  private func x86(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege, levels: UInt64
  ) -> (Answer, UInt64) {
    let upper = Int64(bitPattern: address) >> Int64(12 + 9 * levels - 1)
    guard upper == 0 || upper == -1 else {
      return (.fault(.nonCanonical, level: 3), 0)
    }
    return eightByteTables(address, access, privilege, root, at: levels - 1)
  }

  private func pae(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege
  ) -> (Answer, UInt64) {
    let entry = root + (address >> 30) * 8
    let pointer = read(entry, 8)
    guard bit(pointer, 0) else { return (.fault(.translation, level: 2), entry) }
    return eightByteTables(address, access, privilege, pointer & 0xF_FFFF_FFFF_F000, at: 1)
  }

  private func eightByteTables(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege, _ root: UInt64,
    at rootLevel: UInt64
  ) -> (Answer, UInt64) {
    var table = root
    var level = rootLevel
    var isWritable = true, isUser = true, runs = true
    while true {
      let shift = 12 + 9 * level
      let entry = table + (address >> shift & 511) * 8
      let descriptor = read(entry, 8)
      guard bit(descriptor, 0) else { return (.fault(.translation, level: UInt8(level)), entry) }
      isWritable = isWritable && bit(descriptor, 1)
      isUser = isUser && bit(descriptor, 2)
      runs = runs && !bit(descriptor, 63)
      let target = descriptor & 0xF_FFFF_FFFF_F000
      if level > 0, !bit(descriptor, 7) {
        table = target
        level -= 1
        continue
      }
      guard x86Allows(access, privilege, isUser, isWritable, runs) else {
        return (.fault(.permission, level: UInt8(level)), entry)
      }
      let inside: UInt64 = (1 << shift) - 1
      return (.address(target & ~inside | address & inside), entry)
    }
  }

  private func i386(
    _ address: UInt64, _ access: MemoryAccess, _ privilege: Privilege
  ) -> (Answer, UInt64) {
    let upper = root + (address >> 22) * 4
    let directory = read(upper, 4)
    guard bit(directory, 0) else { return (.fault(.translation, level: 1), upper) }
    if bit(directory, 7) {
      guard x86Allows(access, privilege, bit(directory, 2), bit(directory, 1), true) else {
        return (.fault(.permission, level: 1), upper)
      }
      return (.address(directory & 0xFFC0_0000 | address & 0x3F_FFFF), upper)
    }
    let lower = (directory & 0xFFFF_F000) + (address >> 12 & 1023) * 4
    let page = read(lower, 4)
    guard bit(page, 0) else { return (.fault(.translation, level: 0), lower) }
    let both = directory & page
    guard x86Allows(access, privilege, bit(both, 2), bit(both, 1), true) else {
      return (.fault(.permission, level: 0), lower)
    }
    return (.address(page & 0xFFFF_F000 | address & 0xFFF), lower)
  }

  private func x86Allows(
    _ access: MemoryAccess, _ privilege: Privilege, _ isUser: Bool, _ isWritable: Bool,
    _ runs: Bool
  ) -> Bool {
    if privilege == .user, !isUser { return false }
    switch access {
    case .read: return true
    case .write: return isWritable
    case .execute: return runs && (privilege == .user || !isUser)
    }
  }

  /// Whether the leaf at `entry` is marked as used, and as written.
  func marks(_ entry: UInt64) -> (isUsed: Bool, isDirty: Bool) {
    switch geometry.kind {
    case .arm64: (bit(read(entry, 8), 10), !bit(read(entry, 8), 7))
    case .i386: (bit(read(entry, 4), 5), bit(read(entry, 4), 6))
    default: (bit(read(entry, 8), 5), bit(read(entry, 8), 6))
    }
  }
}

/// A geometry under test, and where in it histories map memory.
struct MMUGeometry: Sendable {
  enum Kind: Sendable {
    case arm64(pageShift: UInt8, bits: UInt8, physicalBits: UInt8)
    case x86_64(levels: UInt8)
    case pae
    case i386
  }

  var name: String
  var kind: Kind
  var format: TranslationFormat
  var userPlaces: [UInt]
  var kernelPlaces: [UInt]

  static var all: [MMUGeometry] {
    let small: [MMUGeometry] = [arm64(.size4K, 12, 39), arm64(.size4K, 12, 48)]
    let middle: [MMUGeometry] = [
      arm64(.size16K, 14, 36), arm64(.size16K, 14, 47), arm64(.size16K, 14, 48),
    ]
    let large: [MMUGeometry] = [
      arm64(.size64K, 16, 42), arm64(.size64K, 16, 48), arm64(.size64K, 16, 52),
    ]
    return small + middle + large + x86
  }

  private static func arm64(
    _ size: PageSize, _ shift: UInt8, _ bits: UInt8
  ) -> MMUGeometry {
    let physical: UInt8 = bits == 52 ? 52 : 48
    let top: UInt = 1 << UInt(bits)
    return MMUGeometry(
      name: "arm64 \(1 << (shift - 10))K, \(bits) bits",
      kind: .arm64(pageShift: shift, bits: bits, physicalBits: physical),
      format: .arm64(pageSize: size, virtualAddressBits: bits, physicalAddressBits: physical),
      userPlaces: [0, 1 << 32, top / 2, top - (1 << 31)],
      kernelPlaces: [0 &- top, 0 &- top / 2, 0 &- (1 << 31)])
  }

  private static var x86: [MMUGeometry] {
    [
      MMUGeometry(
        name: "x86-64, 4 levels", kind: .x86_64(levels: 4), format: .x86_64(),
        userPlaces: [0, 0x5555_4000_0000, 0x7FFF_C000_0000],
        kernelPlaces: [0xFFFF_8880_0000_0000, 0xFFFF_FFFF_8000_0000]),
      MMUGeometry(
        name: "x86-64, 5 levels", kind: .x86_64(levels: 5),
        format: .x86_64(virtualAddressBits: 57),
        userPlaces: [0, 0x5555_4000_0000, 0xFF_FFFF_C000_0000],
        kernelPlaces: [0xFF11_0000_0000_0000, 0xFFFF_FFFF_8000_0000]),
      MMUGeometry(
        name: "i386 PAE", kind: .pae, format: .i386PAE(),
        userPlaces: [0, 0x4000_0000, 0x8000_0000],
        kernelPlaces: [0xC000_0000, 0xF000_0000]),
      MMUGeometry(
        name: "i386", kind: .i386, format: .i386, userPlaces: [0, 0x0800_0000, 0xB000_0000],
        kernelPlaces: [0xC000_0000, 0xF000_0000]),
    ]
  }
}
