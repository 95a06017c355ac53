import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("The TLB")
struct TLBTests {
  private func page(_ number: UInt) -> VirtualAddress { VirtualAddress(number << 12) }

  private func machine(pages: UInt, _ attributes: LeafAttributes = [.read, .user]) -> TestMachine {
    let machine = TestMachine(.x86_64())
    for number in 0..<pages {
      machine.map(page(number), to: PageFrameNumber(100 + number), attributes)
    }
    return machine
  }

  @Test("a set keeps as many pages as it has ways and drops the least recently used")
  func leastRecentlyUsed() {
    let machine = machine(pages: 16)
    // Four sets of two ways: pages 0, 4 and 8 share one.
    for number in [0, 4, 0, 8] as [UInt] { #expect(machine.fault(page(number)) == nil) }
    let misses = machine.mmu.pointee.tlb.misses
    #expect(misses == 3)
    _ = machine.fault(page(0))
    #expect(machine.mmu.pointee.tlb.misses == misses, "0 was used later than 4")
    _ = machine.fault(page(4))
    #expect(machine.mmu.pointee.tlb.misses == misses + 1)
  }

  @Test("translations of one ASID do not serve another, global ones serve all")
  func identifiers() {
    for (attributes, misses) in [([.read, .user], 2), ([.read, .user, .global], 1)]
      as [(LeafAttributes, UInt64)]
    {
      let machine = machine(pages: 1, attributes)
      _ = machine.fault(page(0))
      machine.mmu.pointee.loadRoot(machine.root, asid: ASID(7))
      _ = machine.fault(page(0))
      #expect(machine.mmu.pointee.tlb.misses == misses)
      machine.mmu.pointee.loadRoot(machine.root, asid: ASID(0))
      _ = machine.fault(page(0))
      #expect(machine.mmu.pointee.tlb.misses == misses)
    }
  }

  @Test("an invalidation forgets what it names and no more")
  func invalidations() {
    let machine = machine(pages: 3)
    machine.map(page(2), to: PageFrameNumber(9), [.read, .user, .global])
    func missesOfAll() -> UInt64 {
      let before = machine.mmu.pointee.tlb.misses
      for number in 0..<UInt(3) { _ = machine.fault(page(number)) }
      return machine.mmu.pointee.tlb.misses - before
    }
    #expect(missesOfAll() == 3)
    #expect(missesOfAll() == 0)
    machine.mmu.pointee.tlb.invalidate(page(1) + ByteCount(77), asid: ASID(0))
    #expect(missesOfAll() == 1)
    machine.mmu.pointee.tlb.invalidate(page(1), asid: ASID(3))
    #expect(missesOfAll() == 0)
    machine.mmu.pointee.tlb.invalidate(page(2), asid: ASID(3))
    #expect(missesOfAll() == 1, "a global page goes whatever the ASID")
    machine.mmu.pointee.tlb.invalidate(asid: ASID(0))
    #expect(missesOfAll() == 2, "the global one stays")
    machine.mmu.pointee.tlb.invalidateAll()
    #expect(missesOfAll() == 3)
  }

  @Test("a forgotten invalidation is found, and a done one leaves nothing to find")
  func stale() {
    let changes: [(TestMachine, VirtualAddress) -> Void] = [
      { $0.setEntry(for: $1, at: .pte, to: 0) },
      { $0.map($1, to: PageFrameNumber(55), [.read, .write, .user]) },
      { $0.map($1, to: PageFrameNumber(101), [.read, .user]) },
      { $0.map($1, to: PageFrameNumber(101), [.read, .write]) },
      { $0.setEntry(for: $1, at: .pud, to: 0) },
    ]
    for change in changes {
      let machine = machine(pages: 3, [.read, .write, .user])
      for number in 0..<UInt(3) { _ = machine.fault(page(number), .write) }
      #expect(machine.mmu.pointee.firstStaleTranslation() == nil)
      change(machine, page(1))
      #expect(machine.mmu.pointee.firstStaleTranslation() != nil)
      machine.mmu.pointee.tlb.invalidate(asid: ASID(0))
      #expect(machine.mmu.pointee.firstStaleTranslation() == nil)
    }
  }
}
