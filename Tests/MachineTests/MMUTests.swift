import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("The MMU")
struct MMUTests {
  static let page = VirtualAddress(0x40_2000)
  static let accesses: [MemoryAccess] = [.read, .write, .execute]

  @Test("each access is allowed or refused as the leaf says, from the tables and from the TLB")
  func permissions() {
    for format in TestMachine.formats {
      for attributes in allAttributes where attributes.memoryType == .writeBack {
        let machine = TestMachine(format)
        machine.map(Self.page, to: PageFrameNumber(5), attributes)
        let held = format.normalized(attributes)
        for privilege in [Privilege.user, .kernel] {
          for access in Self.accesses + Self.accesses {
            let fault = machine.fault(Self.page, access, privilege)
            #expect(fault?.kind == expected(held, access, privilege, format))
          }
        }
      }
    }
  }

  private func expected(
    _ held: LeafAttributes, _ access: MemoryAccess, _ privilege: Privilege,
    _ format: TranslationFormat
  ) -> MMUFault.Kind? {
    guard held.contains(.read) else { return .translation }
    let isUser = held.contains(.user)
    let isReadable = isUser || privilege == .kernel
    // SMEP keeps x86 kernels from all that is the programs', arm64 from what they may write.
    let isKept = isUser && (!format.hasHighRoot || held.contains(.write))
    let isAllowed =
      switch access {
      case .read: isReadable
      case .write: isReadable && held.contains(.write)
      case .execute:
        privilege == .user ? held.contains(.execute) : held.contains(.kernelExecute) && !isKept
      }
    return isAllowed ? nil : .permission
  }

  @Test("a read marks the leaf accessed, a write dirty, also when the read came first")
  func marks() throws {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .user])
      func held() -> LeafAttributes {
        format.attributes(of: machine.descriptor(of: Self.page)).intersection([.accessed, .dirty])
      }
      #expect(held() == [])
      _ = try machine.mmu.pointee.translate(Self.page, .read, .user)
      #expect(held() == [.accessed])
      _ = try machine.mmu.pointee.translate(Self.page, .write, .user)
      #expect(held() == [.accessed, .dirty])
      #expect(machine.mmu.pointee.tlb.misses == 2)
      _ = try machine.mmu.pointee.translate(Self.page, .write, .user)
      #expect(machine.mmu.pointee.tlb.misses == 2, "the third is a hit")
    }
  }

  @Test("without hardware updates, software is asked to mark the leaf")
  func softwareMarks() throws {
    let machine = TestMachine(.arm64())
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .user])
    machine.mmu.pointee.control.subtract([.marksAccessed, .marksDirty])
    #expect(machine.fault(Self.page)?.kind == .accessFlag)
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .user, .accessed])
    #expect(machine.fault(Self.page) == nil)
    #expect(machine.fault(Self.page, .write)?.kind == .permission)
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .user, .accessed, .dirty])
    #expect(machine.fault(Self.page, .write) == nil)
  }

  @Test("permissions of the tables above narrow those of the leaf")
  func tablePermissions() {
    let limits: [(TranslationFormat, clear: UInt64, set: UInt64)] = [
      (.x86_64(), 1 << 1, 0), (.x86_64(), 1 << 2, 0), (.x86_64(), 0, 1 << 63),
      (.arm64(), 0, 1 << 62), (.arm64(), 0, 1 << 61), (.arm64(), 0, 1 << 60),
    ]
    let refused: [MemoryAccess] = [.write, .read, .execute]
    for (index, limit) in limits.enumerated() {
      let machine = TestMachine(limit.0)
      machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .execute, .user])
      let access = refused[index % 3]
      #expect(machine.fault(Self.page, access) == nil)
      let entry = tableEntry(machine)
      let narrowed = machine.format.load(entry, in: machine.memory) & ~limit.clear | limit.set
      machine.format.store(narrowed, at: entry, in: machine.memory)
      #expect(machine.mmu.pointee.firstStaleTranslation() == Self.page)
      machine.mmu.pointee.tlb.invalidate(Self.page, asid: ASID(0))
      #expect(machine.fault(Self.page, access)?.kind == .permission, "limit \(index)")
    }
  }

  /// Where the last pointer to a table on the way to the page stands.
  private func tableEntry(_ machine: TestMachine) -> PhysicalAddress {
    let format = machine.format
    var table = machine.root
    var level = format.root
    while true {
      let offset = UInt64(format.index(of: Self.page, at: level) << UInt(format.entryShift))
      let entry = PhysicalAddress(format.pageSize.address(of: table).rawValue + offset)
      if level == .pmd { return entry }
      table = format.frame(in: format.load(entry, in: machine.memory), at: .pte)
      level = level.below
    }
  }

  @Test("arm64 translates the high half by a root of its own")
  func highRoot() throws {
    let machine = TestMachine(.arm64())
    let high = VirtualAddress(0xFFFF_0000_0040_2000)
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .global])
    #expect(machine.fault(high, .read, .kernel)?.kind == .translation)
    machine.mmu.pointee.highRoot = machine.root
    #expect(try machine.mmu.pointee.translate(high, .read, .kernel) == PhysicalAddress(0x5000))
  }

  @Test("loads and stores of every width and offset agree with the bytes of RAM")
  func widths() throws {
    for format in TestMachine.formats {
      let machine = TestMachine(format)
      let first = machine.takeFrame()
      _ = machine.takeFrame()
      let second = machine.takeFrame()
      let border = Self.page + ByteCount(4096)
      machine.map(Self.page, to: first, [.read, .write, .user])
      machine.map(border, to: second, [.read, .write, .user])
      for offset in UInt(0)...17 {
        let address = border - ByteCount(offset)
        try check(machine, address, 0xA5 as UInt8)
        try check(machine, address, 0xB1B2 as UInt16)
        try check(machine, address, 0xC1C2_C3C4 as UInt32)
        try check(machine, address, 0xD1D2_D3D4_D5D6_D7D8 as UInt64)
        try check(machine, address, 0xE1E2_E3E4_E5E6_E7E8_E9EA_EBEC_EDEE_EFF0 as UInt128)
      }
    }
  }

  private func check<Value: FixedWidthInteger & BitwiseCopyable>(
    _ machine: TestMachine, _ address: VirtualAddress, _ value: Value
  ) throws {
    try machine.mmu.pointee.store(value, at: address, .user)
    #expect(try machine.mmu.pointee.load(address, as: Value.self, .user) == value)
    for index in 0..<UInt(MemoryLayout<Value>.size) {
      let byte = try machine.mmu.pointee.load(address + ByteCount(index), as: UInt8.self, .user)
      #expect(byte == UInt8(truncatingIfNeeded: value >> Value(index * 8)))
    }
  }

  @Test("a store whose second page faults leaves the first page's bytes as they were")
  func tornStore() throws {
    let machine = TestMachine(.x86_64())
    machine.map(Self.page, to: machine.takeFrame(), [.read, .write, .user])
    let address = Self.page + ByteCount(4093)
    let fault = #expect(throws: MMUFault.self) {
      try machine.mmu.pointee.store(0x1122_3344 as UInt32, at: address, .user)
    }
    #expect(fault?.address == Self.page + ByteCount(4096))
    #expect(try machine.mmu.pointee.load(address, as: UInt16.self, .user) == 0)
  }

  @Test("walks, the entries they read, and faults are counted")
  func counts() throws {
    let machine = TestMachine(.x86_64())
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    _ = try machine.mmu.pointee.translate(Self.page, .read, .user)
    _ = try machine.mmu.pointee.translate(Self.page + ByteCount(9), .read, .user)
    #expect(machine.fault(Self.page, .write)?.kind == .permission)
    #expect(machine.mmu.pointee.tlb.misses == 2)
    #expect(machine.mmu.pointee.tlb.totals.references == 8)
    #expect(machine.mmu.pointee.faults == 1)
    #expect(machine.mmu.pointee.tlb.hits == 1)
    #expect(machine.mmu.pointee.tlb.misses == 2)
  }
}
