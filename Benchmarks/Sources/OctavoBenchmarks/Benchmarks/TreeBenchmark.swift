import AddressSpaces
import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// The tree of a space with a million areas against itself with a thousand: a logarithm is twice as
  /// long, the rest is caches that hold the smaller one.
  static var areas: Benchmark {
    Benchmark(
      name: "areas",
      question: "insert, find, find a gap for, and remove an area among 1,000,000 (rival: 1,000)",
      target: "a few times: logarithmic"
    ) { pairs in
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(1 << 30)))
      try SlabHeap.boot(HeapOptions(), on: machine.pages)
      let large = try AreaForest(1_000_000, on: machine.pages)
      let small = try AreaForest(1_000, on: machine.pages)
      let steps = 200_000
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "1,000,000") { try large.run(steps) },
        against: Contender(name: "1,000") { try small.run(steps) })
      return .ratio(runs, rival: "1,000 areas", units: Double(steps), of: .operations)
    }
  }
}

/// A tree of areas of one page, each with a free page behind it.
private final class AreaForest {
  private var tree = VMATree()
  private var areas: TypedCache<VMA>
  private let count: UInt
  private var generator = SeededGenerator(seed: 1)

  init(_ count: UInt, on pages: Ref<PageAllocator>) throws {
    self.count = count
    areas = try TypedCache<VMA>(name: "areas", pages: pages)
    for index in 0..<count { tree.insert(try areas.allocate(area(index))) }
  }

  private func area(_ index: UInt) -> VMA {
    VMA(
      range: VirtualRange(VirtualAddress((index + 16) << 13), count: ByteCount(4096)),
      flags: .read, pageOffset: 0)
  }

  /// Takes a random area out, looks for the gap that it leaves, and puts it back.
  func run(_ steps: Int) throws {
    let all = VirtualRange(VirtualAddress(1 << 16), VirtualAddress((count + 16) << 13))
    for _ in 0..<steps {
      let index = UInt(generator.next(below: UInt32(count)))
      let address = VirtualAddress((index + 16) << 13)
      guard let vma = tree.vma(at: address) else { fatalError("the area is there") }
      tree.remove(vma)
      areas.free(vma)
      precondition(tree.highestGap(of: ByteCount(3 * 4096), in: all) != nil || index == 0)
      tree.insert(try areas.allocate(area(index)))
    }
  }
}
