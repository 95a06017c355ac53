import MemoryTypes
import Testing

@Suite("Layouts")
struct LayoutTests {
  private let word = MemoryLayout<UInt>.size

  @Test("a reference is one word, and so is an optional one")
  func references() {
    #expect(MemoryLayout<Ref<Item>>.size == word)
    #expect(MemoryLayout<Ref<Item>?>.size == word)
  }

  @Test("a list link is two words, a tree link three, an interval link four")
  func links() {
    #expect(MemoryLayout<ListLink<Item>>.size == 2 * word)
    #expect(MemoryLayout<TreeLink<Item>>.size == 3 * word)
    #expect(MemoryLayout<IntervalLink<Interval>>.size == 4 * word)
  }

  @Test("a list is three words, a tree two")
  func containers() {
    #expect(MemoryLayout<IntrusiveList<ItemList>>.size == 3 * word)
    #expect(MemoryLayout<RedBlackTree<ItemTree>>.size == 2 * word)
    #expect(MemoryLayout<IntervalTree<Intervals>>.size == 2 * word)
  }

  @Test("locks are no larger than Linux's without debugging")
  func locks() {
    #expect(MemoryLayout<RawSpinLock>.size == 1)
    #expect(MemoryLayout<ReaderWriterLock>.size == 4)
    #expect(MemoryLayout<SpinLock<UInt>>.size == 2 * word)
  }

  @Test("a radix node is its 64 slots and at most three words more")
  func radixNode() {
    #expect(MemoryLayout<RadixNode>.size <= 64 * word + 3 * 8)
  }

  @Test("typed numbers are as small as what they hold")
  func numbers() {
    #expect(MemoryLayout<VirtualAddress>.size == word)
    #expect(MemoryLayout<PhysicalAddress>.size == 8)
    #expect(MemoryLayout<PageFrameNumber>.size == word)
    #expect(MemoryLayout<Order>.size == 1 && MemoryLayout<PageSize>.size == 1)
  }
}
