import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("TLBs, walk caches and data caches together")
struct TLBHierarchyTests {
  private func page(_ number: UInt) -> VirtualAddress { VirtualAddress(0x40_0000 + number << 12) }

  private func model(
    first: Int = 4, second: TLBLevelGeometry = .absent, walks: WalkCacheGeometry = .absent,
    coalesced: UInt8 = 0
  ) -> TLBModel {
    let level = TLBLevelGeometry(
      .fullyAssociative(first, [.size4K, .size16K, .size64K, .size2M]))
    return TLBModel(
      instruction: level, data: level, second: second, walkCaches: walks, secondLatency: 7,
      coalescedShift: coalesced)
  }

  private func counts(_ machine: TestMachine) -> TranslationCounts {
    machine.mmu.pointee.tlb.totals
  }

  @Test("what the first level dropped is found on the second, and costs its latency")
  func secondLevel() {
    let second = TLBLevelGeometry(TLBGeometry(sets: 4, ways: 4, sizes: .size4K))
    let machine = TestMachine(.x86_64(), tlb: model(second: second))
    for number in 0..<UInt(8) { machine.map(page(number), to: PageFrameNumber(number), [.read]) }
    for _ in 0..<2 {
      for number in 0..<UInt(8) { #expect(machine.fault(page(number), .read, .kernel) == nil) }
    }
    #expect(counts(machine).walks == 8)
    #expect(counts(machine).secondHits == 8)
    #expect(counts(machine).firstHits == 0)
    #expect(counts(machine).cycles == 16 * 7, "eight misses and eight hits of the second level")
    #expect(machine.fault(page(7), .read, .kernel) == nil)
    #expect(counts(machine).dataHits == 1)
  }

  @Test("fetches and data have first levels of their own")
  func sides() {
    let machine = TestMachine(.x86_64(), tlb: model())
    machine.map(page(0), to: PageFrameNumber(1), [.read, .execute, .user])
    for access in [.read, .execute, .read, .execute] as [MemoryAccess] {
      #expect(machine.fault(page(0), access) == nil)
    }
    #expect(counts(machine).walks == 2)
    #expect(counts(machine).dataHits == 1)
    #expect(counts(machine).instructionHits == 1)
  }

  @Test("after a neighbour, a walk of four levels reads one entry")
  func walkCaches() {
    let walks = WalkCacheGeometry(
      pmd: .fullyAssociative(4, []), pud: .fullyAssociative(2, []), p4d: .fullyAssociative(2, []))
    let machine = TestMachine(.x86_64(), tlb: model(walks: walks))
    let near = page(1)
    let sameGigabyte = page(0) + ByteCount(4 << 20)
    let sameRootEntry = page(0) + ByteCount(2 << 30)
    for address in [page(0), near, sameGigabyte, sameRootEntry] {
      machine.map(address, to: PageFrameNumber(9), [.read, .user])
    }
    var before: UInt64 = 0
    for (address, references) in [(page(0), 4), (near, 1), (sameGigabyte, 2), (sameRootEntry, 3)]
      as [(VirtualAddress, UInt64)]
    {
      #expect(machine.fault(address) == nil)
      #expect(counts(machine).references - before == references)
      before = counts(machine).references
    }
    machine.mmu.pointee.tlb.forget(.vale1is(page(0), ASID(0)))
    #expect(machine.fault(page(0)) == nil)
    #expect(counts(machine).references - before == 1, "VALE1 keeps the way")
    machine.mmu.pointee.tlb.forget(.vae1is(page(0), ASID(0)))
    #expect(machine.fault(page(0)) == nil)
    #expect(counts(machine).references - before == 5, "VAE1 forgets the way")
    machine.mmu.pointee.tlb.forget(.invlpg(sameRootEntry, ASID(0)))
    machine.mmu.pointee.tlb.forget(.vale1is(page(0), ASID(0)))
    #expect(machine.fault(page(0)) == nil)
    #expect(counts(machine).references - before == 9, "INVLPG forgets every way")
  }

  @Test("a pointer to a table that changed is found stale until it is invalidated")
  func stalePointer() {
    let walks = WalkCacheGeometry(pmd: .fullyAssociative(4, []))
    let machine = TestMachine(.arm64(), tlb: model(walks: walks))
    machine.map(page(0), to: PageFrameNumber(9), [.read, .user])
    #expect(machine.fault(page(0)) == nil)
    machine.setEntry(for: page(0), at: .pmd, to: 0)
    machine.mmu.pointee.tlb.forget(.vale1is(page(0), ASID(0)))
    #expect(machine.mmu.pointee.firstStaleTranslation() != nil)
    machine.mmu.pointee.tlb.forget(.vae1is(page(0), ASID(0)))
    #expect(machine.mmu.pointee.firstStaleTranslation() == nil)
  }

  @Test("a contiguous group of arm64 is one entry, in every page of it")
  func contiguous() {
    let machine = TestMachine(.arm64(), tlb: model())
    let group = format(16)
    for number in 0..<UInt(16) {
      machine.map(page(number), to: PageFrameNumber(0x100 + number), group)
    }
    for number in 0..<UInt(16) { #expect(machine.fault(page(number)) == nil) }
    #expect(counts(machine).walks == 1)
    #expect(machine.mmu.pointee.tlb.counts(ofShift: 16).dataHits == 15)
    machine.mmu.pointee.tlb.invalidate(page(11), asid: ASID(0))
    #expect(machine.fault(page(2)) == nil)
    #expect(counts(machine).walks == 2, "any page of the group takes the whole entry along")
  }

  private func format(_ pages: Int) -> LeafAttributes { [.read, .user, .accessed, .contiguous] }

  @Test("four like pages in a row become one entry where hardware joins them")
  func coalesced() {
    let machine = TestMachine(.x86_64(), tlb: model(coalesced: 2))
    for number in 0..<UInt(8) {
      machine.map(page(number), to: PageFrameNumber(0x100 + number), [.read, .user, .accessed])
    }
    machine.map(page(6), to: PageFrameNumber(0x200), [.read, .user, .accessed])
    for number in 0..<UInt(4) { #expect(machine.fault(page(number)) == nil) }
    #expect(counts(machine).walks == 1)
    #expect(machine.mmu.pointee.tlb.counts(ofShift: 14).dataHits == 3)
    for number in 4..<UInt(8) { #expect(machine.fault(page(number)) == nil) }
    #expect(counts(machine).walks == 5, "one leads elsewhere")
  }

  @Test("a leaf larger than a TLB holds is entered in pieces, which go together")
  func pieces() {
    let machine = TestMachine(.x86_64(), tlb: .simple(sets: 4, ways: 4))
    machine.map(page(0), to: PageFrameNumber(0x200), [.read, .user], at: .pmd)
    for number in 0..<UInt(6) { #expect(machine.fault(page(number)) == nil) }
    #expect(counts(machine).walks == 6)
    machine.mmu.pointee.tlb.invalidate(page(100), asid: ASID(0))
    #expect(machine.fault(page(3)) == nil)
    #expect(counts(machine).walks == 7)
  }

  @Test("global translations survive what names an address space, on all levels")
  func global() {
    let second = TLBLevelGeometry(TLBGeometry(sets: 4, ways: 4, sizes: .size4K))
    let sparing: [TLBInvalidation] = [
      .aside1is(ASID(0)), .invpcid(ASID(0)), .invpcidAllButGlobal, .invpcid(page(0), ASID(0)),
    ]
    let dropping: [TLBInvalidation] = [
      .vmalle1is, .invpcidAll, .invlpg(page(0), ASID(3)), .vae1is(page(0), ASID(3)),
      .vaae1is(page(0)), .rvae1is(VirtualRange(page(0), page(1)), ASID(3)),
    ]
    for (invalidation, walks) in sparing.map({ ($0, 1) }) + dropping.map({ ($0, 2) }) {
      let machine = TestMachine(.x86_64(), tlb: model(second: second))
      machine.map(page(0), to: PageFrameNumber(9), [.read, .global])
      #expect(machine.fault(page(0), .read, .kernel) == nil)
      machine.mmu.pointee.tlb.forget(invalidation)
      #expect(machine.fault(page(0), .read, .kernel) == nil)
      #expect(counts(machine).walks == UInt64(walks))
    }
  }

  @Test("a reference costs the latency of the cache that answers it")
  func prices() {
    var model = model(first: 1)
    model.secondLatency = 0
    model.timings = MemoryTimings(
      first: CacheGeometry(sets: 1, ways: 4, latency: 4),
      second: CacheGeometry(sets: 1, ways: 16, latency: 14), last: .absent, memory: 200)
    let machine = TestMachine(.x86_64(), tlb: model)
    for number in [0, 1, 8] as [UInt] {
      machine.map(page(number), to: PageFrameNumber(number), [.read, .user])
    }
    var before: UInt64 = 0
    for (number, cycles) in [(0, 800), (1, 16), (8, 212), (0, 26)] as [(UInt, UInt64)] {
      #expect(machine.fault(page(number)) == nil)
      #expect(counts(machine).cycles - before == cycles)
      before = counts(machine).cycles
    }
  }
}
