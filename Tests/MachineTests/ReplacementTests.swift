import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("Replacement")
struct ReplacementTests {
  /// The page that goes when page `ways` comes in after `uses` of pages 0 ..< ways.
  private func victim(_ replacement: Replacement, ways: Int, uses: [UInt]) throws -> UInt {
    let level = TLBLevelGeometry(.fullyAssociative(ways, .size4K, replacement))
    let machine = TestMachine(.x86_64(), tlb: TLBModel(instruction: level, data: level))
    for page in 0...UInt(ways) { machine.map(address(page), to: PageFrameNumber(page), [.read]) }
    for page in 0..<UInt(ways) { read(machine, page) }
    for page in uses { read(machine, page) }
    read(machine, UInt(ways))
    return try #require((0..<UInt(ways)).first { !isCached(machine, $0) })
  }

  private func address(_ page: UInt) -> VirtualAddress { VirtualAddress(page << 12) }

  private func read(_ machine: TestMachine, _ page: UInt) {
    #expect(machine.fault(address(page), .read, .kernel) == nil)
  }

  /// A page that is cached is still translated when its entry in the tables is gone.
  private func isCached(_ machine: TestMachine, _ page: UInt) -> Bool {
    machine.setEntry(for: address(page), at: .pte, to: 0)
    return machine.fault(address(page), .read, .kernel) == nil
  }

  @Test("least recently used: the page whose last use is longest ago goes")
  func leastRecentlyUsed() throws {
    #expect(try victim(.leastRecentlyUsed, ways: 4, uses: []) == 0)
    #expect(try victim(.leastRecentlyUsed, ways: 4, uses: [0, 1]) == 2)
    #expect(try victim(.leastRecentlyUsed, ways: 4, uses: [3, 2, 1, 0]) == 3)
    #expect(try victim(.leastRecentlyUsed, ways: 5, uses: [0, 2, 1, 3]) == 4)
    #expect(try victim(.leastRecentlyUsed, ways: 48, uses: Array(0..<47)) == 47)
  }

  @Test("tree-PLRU: the bits along one path say who goes, which need not be the oldest")
  func tree() throws {
    // After 0, 1, 2, 3 the root points left, and there to 0.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: []) == 0)
    // A use of 0 turns the root right, where 2 is older than 3.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: [0]) == 2)
    // 1, 3, 0, 2: the root points left, where 1 was not the last. 1 is the oldest here too.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: [1, 3, 0, 2]) == 1)
    // 0, 2, 1, 0: the oldest is 3, and so says the tree: right, and there away from 2.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: [0, 2, 1, 0]) == 3)
    // 3, 2, 0, 3: the oldest is 1; 2, 0, 3 leave the root pointing left, there away from 0.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: [3, 2, 0, 3]) == 1)
    // 0, 1, 2, 0, 3: LRU would drop 1; so does the tree. 2, 0, 1, 3 then 0: right, away from 3.
    #expect(try victim(.treePseudoLRU, ways: 4, uses: [2, 0, 1, 3, 0]) == 2)
  }

  @Test("tree-PLRU with ways that are no power of two never leaves the set")
  func oddTree() throws {
    for ways in [1, 3, 5, 6, 7, 12, 24] {
      for last in 0..<UInt(ways) {
        let victim = try victim(.treePseudoLRU, ways: ways, uses: [last])
        #expect(victim != last || ways == 1)
      }
    }
  }

  @Test("random: the seed decides, and every way has its turn")
  func random() throws {
    var victims: Set<UInt> = []
    for seed in 0..<40 as Range<UInt64> {
      let first = try victim(.random(seed: seed), ways: 4, uses: [])
      #expect(try victim(.random(seed: seed), ways: 4, uses: []) == first)
      victims.insert(first)
    }
    #expect(victims == [0, 1, 2, 3])
  }

  @Test("a free entry is taken before any other goes")
  func free() {
    for replacement in [.leastRecentlyUsed, .treePseudoLRU, .random(seed: 7)] as [Replacement] {
      let level = TLBLevelGeometry(.fullyAssociative(4, .size4K, replacement))
      let machine = TestMachine(.x86_64(), tlb: TLBModel(instruction: level, data: level))
      for page in 0..<UInt(5) { machine.map(address(page), to: PageFrameNumber(page), [.read]) }
      for page in 0..<UInt(4) { read(machine, page) }
      machine.mmu.pointee.tlb.invalidate(address(2), asid: ASID(0))
      read(machine, 4)
      for page in [0, 1, 3, 4] as [UInt] { #expect(isCached(machine, page)) }
    }
  }
}
