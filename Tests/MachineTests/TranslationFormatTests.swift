import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("Translation formats")
struct TranslationFormatTests {
  @Test("levels, shifts and table sizes follow from page size and address bits")
  func geometry() {
    let x86 = TranslationFormat.x86_64()
    #expect(x86.levelCount == 4)
    #expect((0..<4).map { x86.shift(of: TranslationLevel($0)) } == [12, 21, 30, 39])
    #expect(x86.entryCount(of: x86.root) == 512)
    let i386 = TranslationFormat.i386
    #expect(i386.levelCount == 2)
    #expect(i386.shift(of: .pmd) == 22)
    #expect(i386.entryCount(of: .pmd) == 1024)
    let geometries: [(PageSize, UInt8, levels: Int, rootEntries: UInt)] = [
      (.size4K, 39, 3, 512), (.size4K, 48, 4, 512), (.size16K, 36, 2, 2048),
      (.size16K, 47, 3, 2048), (.size16K, 48, 4, 2), (.size64K, 42, 2, 8192),
      (.size64K, 48, 3, 64),
    ]
    for (size, bits, levels, rootEntries) in geometries {
      let format = TranslationFormat.arm64(pageSize: size, virtualAddressBits: bits)
      #expect(format.levelCount == levels, "\(size) \(bits)")
      #expect(format.entryCount(of: format.root) == rootEntries, "\(size) \(bits)")
    }
  }

  @Test("an x86-64 leaf has the bits of SDM table 4-20")
  func x86Bits() {
    let format = TranslationFormat.x86_64()
    let frame = PageFrameNumber(0x12345)
    let data: LeafAttributes = [.read, .write, .user, .accessed, .dirty]
    #expect(format.leafDescriptor(frame, data) == 0x8000_0000_1234_5067)
    #expect(format.leafDescriptor(frame, [.read, .execute, .user]) == 0x0000_0000_1234_5005)
    let registers = LeafAttributes([.read, .write, .global]).with(.strictDevice)
    #expect(format.leafDescriptor(frame, registers) == 0x8000_0000_1234_511B)
    #expect(format.leafDescriptor(frame, [.user]) == 0x8000_0000_1234_5104, "PROT_NONE")
    let block = format.leafDescriptor(PageFrameNumber(0x12200), [.read, .user], at: .pmd)
    #expect(block == 0x8000_0000_1220_0085)
  }

  @Test("an arm64 leaf has the bits of Arm ARM D8.3")
  func armBits() {
    let format = TranslationFormat.arm64()
    let frame = PageFrameNumber(0x12345)
    // The word Linux writes for a clean, writable, young anonymous page: DBM, AP[2:1] = 11, nG.
    #expect(
      format.leafDescriptor(frame, [.read, .write, .user, .accessed])
        == 1 << 54 | 1 << 53 | 1 << 51 | 0x1234_5000 | 0xFC3)
    // Its first write clears AP[2].
    #expect(
      format.marking(
        format.leafDescriptor(frame, [.read, .write, .user, .accessed]), isWrite: true)
        == 1 << 54 | 1 << 53 | 1 << 51 | 0x1234_5000 | 0xF43)
    let text = format.leafDescriptor(frame, [.read, .kernelExecute, .global, .accessed])
    #expect(text == 1 << 54 | 0x1234_5000 | 0x783, "kernel text: PXN clear, UXN set, nG clear")
    let registers = LeafAttributes([.read, .write, .global, .accessed, .dirty]).with(.device)
    #expect(format.leafDescriptor(frame, registers) & 0x1C == 4 << 2)
    let block = format.leafDescriptor(PageFrameNumber(0x12200), [.read, .user], at: .pmd)
    #expect(block & 3 == 1)
  }

  @Test("an i386 leaf fits 32 bits and cannot forbid execution")
  func i386Bits() {
    let format = TranslationFormat.i386
    let frame = PageFrameNumber(0xFFFFF)
    #expect(format.leafDescriptor(frame, [.read, .write, .user]) == 0xFFFF_F007)
    #expect(format.normalized([.read, .user]) == [.read, .execute, .kernelExecute, .user])
  }

  @Test(
    "decoding gives back what encoding could hold, at all leaf levels",
    arguments: TestMachine.formats)
  func roundTrip(_ format: TranslationFormat) throws {
    for level in format.levels where format.mayHoldLeaf(level) {
      let frame = PageFrameNumber(5 << (format.shift(of: level) - format.shift(of: .pte)))
      for attributes in allAttributes {
        let descriptor = format.leafDescriptor(frame, attributes, at: level)
        let decoded = format.attributes(of: descriptor, at: level)
        try requireEqual(format.frame(in: descriptor, at: level), frame, "\(attributes)")
        let again = format.leafDescriptor(frame, decoded, at: level)
        try requireEqual(again, descriptor, "\(attributes) twice")
        let admits = !attributes.isDisjoint(with: [.read, .write, .execute, .kernelExecute])
        let kind = format.kind(of: descriptor, at: level)
        try requireEqual(kind, admits ? .leaf : .inaccessible, "\(attributes)")
        try requireEqual(decoded, expected(attributes, format, admits), "\(attributes)")
      }
    }
  }

  /// What the manuals leave of `attributes`, told apart by architecture and not by masks.
  private func expected(
    _ attributes: LeafAttributes, _ format: TranslationFormat, _ admits: Bool
  ) -> LeafAttributes {
    var result = attributes
    let isARM = format.architecture == .arm64
    switch attributes.memoryType {
    case .gatheringDevice where !isARM: result.memoryType = .device
    case .writeProtected where isARM: result.memoryType = .writeThrough
    default: break
    }
    guard admits else { return result.subtracting(.global) }
    result.insert(.read)
    guard !isARM else { return result }
    let isAlways = format.architecture == .i386 && format.entryShift == 2
    let isAny = isAlways || !result.isDisjoint(with: [.execute, .kernelExecute])
    result.subtract([.execute, .kernelExecute])
    if isAny {
      result.formUnion(result.contains(.user) ? [.execute, .kernelExecute] : .kernelExecute)
    }
    return result
  }

  @Test("addresses are canonical where the manuals say so")
  func canonical() {
    let x86 = TranslationFormat.x86_64()
    #expect(x86.isCanonical(VirtualAddress(0x0000_7FFF_FFFF_FFFF)))
    #expect(!x86.isCanonical(VirtualAddress(0x0000_8000_0000_0000)))
    #expect(x86.isCanonical(VirtualAddress(0xFFFF_8000_0000_0000)))
    let arm = TranslationFormat.arm64()
    #expect(arm.isCanonical(VirtualAddress(0x0000_FFFF_FFFF_FFFF)))
    #expect(!arm.isCanonical(VirtualAddress(0x0001_0000_0000_0000)))
    #expect(arm.isCanonical(VirtualAddress(0xFFFF_0000_0000_0000)))
    #expect(TranslationFormat.i386.isCanonical(VirtualAddress(0xFFFF_FFFF)))
    #expect(!TranslationFormat.i386.isCanonical(VirtualAddress(0x1_0000_0000)))
  }

  @Test("presets describe machines whose format and RAM agree")
  func presets() {
    let ram = ByteCount(64 << 20 | 123)
    for machine in [MachineDescription.x86_64(ram: ram), .arm64_4K(ram: ram), .i386(ram: ram)] {
      #expect(machine.translationFormat.architecture == machine.architecture)
      #expect(machine.translationFormat.virtualAddressBits == machine.virtualAddressBits)
      #expect(machine.ramSize == ByteCount(64 << 20))
    }
  }
}
