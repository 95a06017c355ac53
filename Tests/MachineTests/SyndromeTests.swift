import Machine
import MemoryTypes
import TestSupport
import Testing

/// Values worked out by hand from the drawings of ESR_EL1 (Arm ARM) and of the error code (SDM).
@Suite("Syndromes")
struct SyndromeTests {
  private func fault(
    _ kind: MMUFault.Kind, _ level: UInt8, _ access: MemoryAccess, _ privilege: Privilege
  ) -> MMUFault {
    MMUFault(
      kind, level: TranslationLevel(level), access: access, privilege: privilege,
      address: VirtualAddress(0))
  }

  @Test("arm64: class, direction and status code of each kind and level")
  func arm64() {
    let expected: [(MMUFault.Kind, UInt8, MemoryAccess, Privilege, UInt64)] = [
      (.translation, 3, .read, .user, 0x9200_0004), (.translation, 2, .read, .user, 0x9200_0005),
      (.translation, 1, .read, .user, 0x9200_0006), (.translation, 0, .read, .user, 0x9200_0007),
      (.translation, 0, .write, .user, 0x9200_0047), (.translation, 0, .read, .kernel, 0x9600_0007),
      (.translation, 0, .write, .kernel, 0x9600_0047),
      (.translation, 0, .execute, .user, 0x8200_0007),
      (.translation, 1, .execute, .kernel, 0x8600_0006),
      (.translation, 4, .read, .user, 0x9200_002B),
      (.accessFlag, 0, .read, .user, 0x9200_000B), (.accessFlag, 1, .write, .kernel, 0x9600_004A),
      (.accessFlag, 2, .execute, .user, 0x8200_0009),
      (.permission, 0, .write, .user, 0x9200_004F), (.permission, 1, .read, .user, 0x9200_000E),
      (.permission, 2, .execute, .kernel, 0x8600_000D),
      (.addressSize, 3, .read, .user, 0x9200_0000), (.addressSize, 0, .read, .user, 0x9200_0003),
      (.addressSize, 1, .write, .kernel, 0x9600_0042),
      (.addressSize, 4, .read, .user, 0x9200_0029),
      (.externalAbort, 0, .read, .kernel, 0x9600_0010),
      (.tableAbort, 0, .read, .kernel, 0x9600_0017), (.tableAbort, 3, .read, .user, 0x9200_0014),
      (.tableAbort, 4, .read, .user, 0x9200_0013),
    ]
    for (kind, level, access, privilege, value) in expected {
      #expect(fault(kind, level, access, privilege).exceptionSyndrome == value)
    }
  }

  @Test("x86: present, write, user, reserved and fetch bits of each kind")
  func x86() {
    let expected: [(MMUFault.Kind, MemoryAccess, Privilege, UInt32)] = [
      (.translation, .read, .kernel, 0x00), (.translation, .write, .kernel, 0x02),
      (.translation, .read, .user, 0x04), (.translation, .write, .user, 0x06),
      (.translation, .execute, .user, 0x14), (.translation, .execute, .kernel, 0x10),
      (.permission, .read, .user, 0x05), (.permission, .write, .user, 0x07),
      (.permission, .write, .kernel, 0x03), (.permission, .execute, .user, 0x15),
      (.permission, .execute, .kernel, 0x11),
      (.reservedBit, .read, .user, 0x0D), (.reservedBit, .write, .kernel, 0x0B),
      (.reservedBit, .execute, .user, 0x1D), (.nonCanonical, .read, .user, 0),
    ]
    for (kind, access, privilege, value) in expected {
      #expect(fault(kind, 0, access, privilege).pageFaultErrorCode(reportsFetch: true) == value)
    }
    let fetch = fault(.translation, 0, .execute, .user)
    #expect(fetch.pageFaultErrorCode(reportsFetch: false) == 4, "without NXE it looks like a read")
    #expect(!fault(.nonCanonical, 0, .read, .user).isPageFault, "that is #GP")
  }

  @Test("an access to tables of arm64 gives the syndrome of its level")
  func levels() {
    let page = VirtualAddress(0x40_2000)
    for level in 0..<4 as Range<UInt8> {
      let machine = TestMachine(.arm64())
      machine.setEntry(for: page, at: TranslationLevel(level), to: 0)
      #expect(machine.fault(page)?.exceptionSyndrome == 0x9200_0007 - UInt64(level))
    }
    let machine = TestMachine(.arm64(physicalAddressBits: 40))
    machine.map(page, to: PageFrameNumber(5), [.read, .accessed])
    #expect(machine.fault(page)?.exceptionSyndrome == 0x9200_000F, "EL0 reads the kernel's page")
    machine.map(page, to: PageFrameNumber(1 << 30), [.read, .user])
    #expect(machine.fault(page)?.exceptionSyndrome == 0x9200_0003, "bit 42 of 40")
    machine.map(page, to: PageFrameNumber(5), [.read, .user])
    machine.mmu.pointee.control.remove(.marksAccessed)
    #expect(machine.fault(page, .write)?.exceptionSyndrome == 0x9200_004B, "AF comes before AP")
    #expect(machine.fault(page)?.exceptionSyndrome == 0x9200_000B)
  }

  @Test("an access to tables of x86-64 gives the error code of its cause")
  func codes() {
    let page = VirtualAddress(0x40_2000)
    let machine = TestMachine(.x86_64(physicalAddressBits: 40))
    func code(_ access: MemoryAccess, _ privilege: Privilege) -> UInt32? {
      machine.mmu.pointee.tlb.invalidateAll()
      return machine.fault(page, access, privilege)?.pageFaultErrorCode(reportsFetch: true)
    }
    #expect(code(.write, .user) == 6)
    machine.map(page, to: PageFrameNumber(5), [.read, .user])
    #expect(code(.read, .user) == nil)
    #expect(code(.write, .user) == 7)
    #expect(code(.execute, .user) == 0x15)
    machine.map(page, to: PageFrameNumber(5), [.read, .write])
    #expect(code(.read, .user) == 5)
    machine.setEntry(for: page, at: .pte, to: 1 << 45 | 7)
    #expect(code(.read, .kernel) == 9)
  }
}
