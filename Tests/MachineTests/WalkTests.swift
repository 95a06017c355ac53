import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("The walker")
struct WalkTests {
  static let address = VirtualAddress(0x403A_5678)

  @Test("a missing entry is reported with its level, at each level")
  func missing() {
    for format in TestMachine.formats {
      for level in (0..<UInt8(format.levelCount)).map({ TranslationLevel($0) }) {
        let machine = TestMachine(format)
        machine.setEntry(for: Self.address, at: level, to: 0)
        #expect(
          machine.fault(Self.address)
            == MMUFault(
              .translation, level: level, access: .read, privilege: .user, address: Self.address))
      }
    }
  }

  @Test("leaves above the last level translate by their size")
  func blocks() throws {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      let frame = PageFrameNumber(7 << (format.shift(of: .pmd) - format.shift(of: .pte)))
      machine.map(Self.address, to: frame, [.read, .user], at: .pmd)
      let physical = try machine.mmu.pointee.translate(Self.address, .read, .user)
      let inside = UInt64(Self.address.rawValue & (format.span(of: .pmd).rawValue - 1))
      #expect(physical.rawValue == format.pageSize.address(of: frame).rawValue + inside)
      #expect(machine.mmu.pointee.firstStaleTranslation() == nil)
    }
  }

  @Test("kinds that a level cannot have fault as the manual says")
  func malformed() {
    let x86 = TestMachine(.x86_64(physicalAddressBits: 40))
    x86.setEntry(for: Self.address, at: .p4d, to: 0x87)
    #expect(x86.fault(Self.address)?.kind == .reservedBit, "PS in a PML4 entry")
    x86.setEntry(for: Self.address, at: .p4d, to: 0)
    x86.setEntry(for: Self.address, at: .pte, to: 1 << 40 | 7)
    #expect(x86.fault(Self.address)?.kind == .reservedBit, "address bit 40 of 40")
    #expect(x86.fault(Self.address)?.level == .pte)
    let arm = TestMachine(.arm64(physicalAddressBits: 40))
    arm.setEntry(for: Self.address, at: .pte, to: 1 << 10 | 1)
    #expect(arm.fault(Self.address)?.kind == .translation, "a block at level 3")
    arm.setEntry(for: Self.address, at: .pte, to: 1 << 40 | 1 << 10 | 3)
    #expect(arm.fault(Self.address)?.kind == .addressSize)
  }

  @Test("a table beyond RAM aborts at its level, a leaf beyond RAM aborts the access only")
  func beyondRAM() throws {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      let far = PageFrameNumber(0xFFFF0)
      machine.setEntry(
        for: Self.address, at: .pmd, to: format.tableDescriptor(far, for: Self.address))
      let fault = machine.fault(Self.address)
      #expect(fault?.kind == .tableAbort)
      #expect(fault?.level == .pte)
      machine.setEntry(for: Self.address, at: .pmd, to: 0)
      machine.map(Self.address, to: far, [.read, .user])
      #expect(machine.fault(Self.address) == nil)
      #expect(throws: MMUFault.self) {
        try machine.mmu.pointee.load(Self.address, as: UInt8.self, .user)
      }
      machine.mmu.pointee.loadRoot(far, asid: ASID(9))
      #expect(machine.fault(Self.address)?.kind == .tableAbort)
      #expect(machine.fault(Self.address)?.level == format.root)
    }
  }

  @Test("an address that is not canonical faults without a look at the tables")
  func nonCanonical() {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      let address = VirtualAddress(0x0123_4567_89AB_CDEF)
      #expect(machine.fault(address)?.kind == (format.hasHighRoot ? .translation : .nonCanonical))
      #expect(machine.mmu.pointee.tlb.totals.references == 0)
    }
  }

  @Test("a table that points to itself ends the walk after one entry per level")
  func loop() {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      let root = machine.root
      for index in 0..<format.pageSize.bytes.rawValue >> UInt(format.entryShift) {
        let table = format.tableDescriptor(root, for: Self.address, at: format.root)
        let entry = PhysicalAddress(UInt64(index << UInt(format.entryShift)))
        format.store(table, at: entry, in: machine.memory)
      }
      let walk = machine.mmu.pointee.walkTables(Self.address)
      #expect(walk.references == UInt8(format.levelCount))
      #expect(walk.level == .pte)
    }
  }

  @Test("tables of garbage give an address or a fault, never a crash")
  func garbage() {
    withSeed { random in
      for format in TestMachine.formats {
        let machine = TestMachine(format, frames: 16, start: 0x4000_0000)
        for _ in 0..<4 {
          fill(machine, &random)
          for _ in 0..<1_000 { access(machine, &random) }
        }
      }
    }
  }

  /// Half noise, half plausible pointers into and around RAM.
  private func fill(_ machine: TestMachine, _ random: inout SeededGenerator) {
    let base = machine.memory.start.rawValue
    for offset in stride(from: 0, to: UInt64(machine.memory.count.rawValue), by: 8) {
      let frame = UInt64(random.next(below: 20)) << UInt64(machine.format.pageSize.shift)
      let word = random.chance(oneIn: 2) ? random.next() : base + frame | random.next() & 0xFFF
      unsafe machine.memory.pointer(to: PhysicalAddress(base + offset))
        .storeBytes(of: word, as: UInt64.self)
    }
  }

  private func access(_ machine: TestMachine, _ random: inout SeededGenerator) {
    let mask: UInt = random.element(of: [.max, 0xFFFF_FFFF, 0x3FF_FFFF_FFFF])
    let address = VirtualAddress(UInt(random.next()) & mask)
    let privilege: Privilege = random.chance(oneIn: 2) ? .user : .kernel
    switch random.next(below: 4) {
    case 0: _ = try? machine.mmu.pointee.load(address, as: UInt128.self, privilege)
    case 1: try? machine.mmu.pointee.store(random.next(), at: address, privilege)
    case 2: _ = try? machine.mmu.pointee.translate(address, .execute, privilege)
    default:
      let root = PageFrameNumber(UInt(random.next()) >> UInt(random.next(below: 64)))
      let near = machine.root + PageCount(UInt(random.next(below: 16)))
      machine.mmu.pointee.loadRoot(random.chance(oneIn: 2) ? root : near, asid: ASID(1))
      machine.mmu.pointee.tlb.invalidateAll()
    }
  }
}
