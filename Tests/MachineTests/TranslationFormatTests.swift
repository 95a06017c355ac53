import Machine
import MemoryTypes
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
    let text = format.leafDescriptor(frame, [.read, .execute, .global, .accessed])
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
    #expect(format.normalized([.read, .user]) == [.read, .execute, .user])
  }

  @Test("decoding gives back what encoding could hold, for all attributes at all leaf levels")
  func roundTrip() {
    for format in TestMachine.formats {
      for level in (0..<3).map({ TranslationLevel($0) }) where format.mayHoldLeaf(level) {
        for attributes in allAttributes {
          let frame = PageFrameNumber(3 << (format.shift(of: level) - 12))
          let descriptor = format.leafDescriptor(frame, attributes, at: level)
          let decoded = format.attributes(of: descriptor)
          #expect(format.frame(in: descriptor, at: level) == frame)
          #expect(format.leafDescriptor(frame, decoded, at: level) == descriptor)
          let admits = !attributes.isDisjoint(with: [.read, .write, .execute])
          #expect(format.kind(of: descriptor, at: level) == (admits ? .leaf : .inaccessible))
          #expect(decoded.contains(.read) == admits)
          let kept: LeafAttributes = [.user, .accessed, .dirty]
          #expect(decoded.intersection(kept) == attributes.intersection(kept))
          #expect(decoded.memoryType == attributes.memoryType)
          guard admits else { continue }
          #expect(decoded.contains(.write) == attributes.contains(.write))
          #expect(decoded.contains(.global) == attributes.contains(.global))
        }
      }
    }
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
