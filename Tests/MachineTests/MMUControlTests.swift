import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("Control registers")
struct MMUControlTests {
  static let page = VirtualAddress(0x40_2000)

  @Test("WP, SMEP and SMAP take effect at once, also on what TLBs hold")
  func x86() {
    let machine = TestMachine(.x86_64())
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .execute, .user, .accessed, .dirty])
    let cr4: (smep: UInt64, smap: UInt64) = (1 << 20, 1 << 21)
    let settings: [(MMUControl, MemoryAccess, Bool)] = [
      (MMUControl(cr0: 1 << 16, cr4: 0, efer: 1 << 11), .write, false),
      (MMUControl(cr0: 0, cr4: 0, efer: 1 << 11), .write, true),
      (MMUControl(cr0: 0, cr4: cr4.smap, efer: 0), .write, false),
      (MMUControl(cr0: 0, cr4: cr4.smap, efer: 0), .read, false),
      (MMUControl(cr0: 0, cr4: cr4.smap, efer: 0, flags: 1 << 18), .read, true),
      (MMUControl(cr0: 0, cr4: cr4.smep, efer: 0), .execute, false),
      (MMUControl(cr0: 0, cr4: 0, efer: 0), .execute, true),
    ]
    for _ in 0..<2 {
      for (control, access, isAllowed) in settings {
        machine.mmu.pointee.control = control
        #expect((machine.fault(Self.page, access, .kernel) == nil) == isAllowed)
      }
    }
  }

  @Test("CR3 keeps or forgets an address space by its bit 63, and all but global without PCID")
  func cr3() {
    let machine = TestMachine(.x86_64())
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    let root = machine.format.pageSize.address(of: machine.root).rawValue
    func walks(after cr3: UInt64) -> UInt64 {
      let before = machine.mmu.pointee.tlb.misses
      machine.mmu.pointee.load(cr3: cr3)
      #expect(machine.fault(Self.page) == nil)
      return machine.mmu.pointee.tlb.misses - before
    }
    #expect(walks(after: root | 5) == 1)
    #expect(walks(after: root | 5 | 1 << 63) == 0)
    #expect(walks(after: root | 6) == 1)
    #expect(walks(after: root | 5 | 1 << 63) == 0, "5 is still there")
    #expect(walks(after: root | 5) == 1)
    machine.mmu.pointee.control.remove(.identifiers)
    #expect(walks(after: root) == 1)
    #expect(walks(after: root | 1 << 63) == 1)
  }

  @Test("TCR_EL1 divides the addresses: sizes, granules, EPD, ASID")
  func tcr() throws {
    // T0SZ 25 (39 bits), TG0 4K; T1SZ 16, TG1 16K (1), IPS 48 bits, AS; A1 clear.
    let register: UInt64 = 25 | 16 << 16 | 1 << 30 | 5 << 32 | 1 << 36 | 1 << 39 | 1 << 40
    let control = TranslationControl(register)
    #expect(control.lowFormat == .arm64(pageSize: .size4K, virtualAddressBits: 39))
    #expect(control.highFormat == .arm64(pageSize: .size16K, virtualAddressBits: 48))
    let machine = TestMachine(.arm64(virtualAddressBits: 39))
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    let root = machine.format.pageSize.address(of: machine.root).rawValue
    machine.mmu.pointee.load(control, ttbr0: root | 0x1234 << 48, ttbr1: 0)
    #expect(machine.mmu.pointee.asid == ASID(0x1234))
    #expect(machine.fault(Self.page) == nil)
    let outside = machine.fault(VirtualAddress(1 << 39))
    #expect(outside?.kind == .translation)
    #expect(outside?.exceptionSyndrome == 0x9200_0004, "level 0, whatever the tables' levels")
    #expect(machine.fault(VirtualAddress(0xFFFE_FFFF_FFFF_FFFF))?.faultStatusCode == 4)
    let disabled = TranslationControl(register & ~(1 << 36) | 1 << 7)
    machine.mmu.pointee.tlb.invalidateAll()
    machine.mmu.pointee.load(disabled, ttbr0: root | 0x1234 << 48, ttbr1: 0)
    #expect(machine.mmu.pointee.asid == ASID(0x34), "eight bits without AS")
    #expect(machine.fault(Self.page)?.faultStatusCode == 4, "EPD0")
  }

  @Test("halves of different granules translate side by side")
  func granules() throws {
    let machine = TestMachine(.arm64(virtualAddressBits: 39), frames: 64)
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    let root = machine.format.pageSize.address(of: machine.root).rawValue
    // A high half of 25 bits and 16K pages: a table of the last level's parent with one entry.
    let high = TranslationFormat.arm64(pageSize: .size16K, virtualAddressBits: 36)
    let address = VirtualAddress(0 &- 1 << 36 + 0x4000)
    let (upper, lower) = (UInt64(0x2_0000), UInt64(0x2_4000))
    let memory = machine.memory
    high.store(
      high.tableDescriptor(high.pageSize.frame(of: PhysicalAddress(lower)), for: address),
      at: PhysicalAddress(upper + UInt64(high.index(of: address, at: .pmd)) * 8), in: memory)
    high.store(
      high.leafDescriptor(PageFrameNumber(3), [.read, .accessed]),
      at: PhysicalAddress(lower + UInt64(high.index(of: address, at: .pte)) * 8), in: memory)
    let register: UInt64 = 25 | 28 << 16 | 1 << 30 | 5 << 32 | 1 << 36 | 1 << 39
    machine.mmu.pointee.load(TranslationControl(register), ttbr0: root, ttbr1: upper)
    for _ in 0..<2 {
      #expect(machine.fault(Self.page) == nil)
      let inside = address + ByteCount(0x3001)
      #expect(try machine.mmu.pointee.translate(inside, .read, .kernel) == PhysicalAddress(0xF001))
    }
    #expect(machine.mmu.pointee.tlb.misses == 2)
  }

  @Test("TBI0: the top byte of a low address is ignored, on a miss and on a hit")
  func tags() throws {
    let machine = TestMachine(.arm64(virtualAddressBits: 39))
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    let root = machine.format.pageSize.address(of: machine.root).rawValue
    let register: UInt64 = 25 | 16 << 16 | 2 << 30 | 5 << 32 | 1 << 36 | 1 << 39
    let tagged = VirtualAddress(0xA5 << 56 | Self.page.rawValue)
    machine.mmu.pointee.load(TranslationControl(register), ttbr0: root, ttbr1: 0)
    #expect(machine.fault(tagged)?.kind == .translation)
    machine.mmu.pointee.load(TranslationControl(register | 1 << 37), ttbr0: root, ttbr1: 0)
    for _ in 0..<2 {
      #expect(
        try machine.mmu.pointee.translate(tagged, .read, .user) == PhysicalAddress(5 << 12))
      #expect(machine.mmu.pointee.walkTables(tagged).outcome == .leaf)
    }
    #expect(machine.fault(Self.page) == nil)
    #expect(machine.mmu.pointee.tlb.misses == 2, "one entry for all tags, after one fault")
    let missing = machine.fault(tagged + ByteCount(1 << 30))
    #expect(missing?.address == Self.page + ByteCount(1 << 30), "without the tag")
    // Bit 55 chooses the half, whatever the tag is: TBI1 is off.
    let high = VirtualAddress(1 << 55 | Self.page.rawValue)
    #expect(machine.fault(high)?.kind == .translation)
  }

  @Test("WXN: what may be written is not executed")
  func writableIsNotRun() {
    let machine = TestMachine(.arm64())
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .write, .execute, .user])
    #expect(machine.fault(Self.page, .execute) == nil)
    machine.mmu.pointee.control.insert(.noExecuteWritable)
    machine.mmu.pointee.tlb.invalidateAll()
    #expect(machine.fault(Self.page, .execute)?.kind == .permission)
    #expect(machine.fault(Self.page, .write) == nil)
  }

  @Test("without identifiers another root forgets all that is not global")
  func noIdentifiers() {
    let machine = TestMachine(.i386)
    machine.map(Self.page, to: PageFrameNumber(5), [.read, .user])
    #expect(machine.fault(Self.page) == nil)
    machine.mmu.pointee.loadRoot(machine.root, asid: ASID(0))
    #expect(machine.fault(Self.page) == nil)
    #expect(machine.mmu.pointee.tlb.misses == 1, "the same root: nothing to do")
    machine.mmu.pointee.loadRoot(machine.takeFrame(), asid: ASID(0))
    #expect(machine.fault(Self.page)?.kind == .translation)
  }
}
