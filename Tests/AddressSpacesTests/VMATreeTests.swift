import AddressSpaces
import KernelHeap
import MemoryTypes
import TestSupport
import Testing

/// The tree of areas by itself, against a sorted array.
struct VMATreeTests {
  /// One change; places are pages.
  enum Step {
    case insert(Int, count: Int)
    case remove(Int)
    case resize(Int, by: Int)
  }

  /// A tree and the array it must agree with.
  final class Trial {
    let laboratory: Laboratory
    var tree = VMATree()
    var areas: [Ref<VMA>] = []

    init() throws { laboratory = try Laboratory() }

    private func range(_ start: Int, _ count: Int) -> VirtualRange {
      VirtualRange(
        VirtualAddress(UInt(start) * 4096), count: ByteCount(UInt(count) * 4096))
    }

    func run(_ step: Step) throws {
      switch step {
      case .insert(let start, let count):
        let range = range(start, count)
        guard !areas.contains(where: { $0.pointee.range.overlaps(range) }) else { return }
        let vma = try laboratory.services.pointee.vmas.allocate(
          VMA(range: range, flags: .read, pageOffset: 0))
        tree.insert(vma)
        let index = areas.firstIndex { $0.pointee.start > range.start } ?? areas.count
        areas.insert(vma, at: index)
      case .remove(let index):
        guard !areas.isEmpty else { return }
        tree.remove(areas.remove(at: index % areas.count))
      case .resize(let index, let pages):
        guard !areas.isEmpty else { return }
        resize(index % areas.count, by: pages)
      }
    }

    /// Moves the upper border as far as the neighbour allows.
    private func resize(_ index: Int, by pages: Int) {
      let vma = areas[index]
      let limit = index + 1 < areas.count ? areas[index + 1].pointee.start.rawValue : UInt.max
      let end = max(
        Int(vma.pointee.start.rawValue) + 4096, Int(vma.pointee.end.rawValue) + pages * 4096)
      tree.setRange(
        vma, VirtualRange(vma.pointee.start, VirtualAddress(min(UInt(end), limit))))
    }

    func check() throws {
      tree.checkInvariants()
      try requireEqual(tree.count, areas.count, "areas")
      try requireEqual(tree.first, areas.first, "the first area")
      try requireEqual(tree.last, areas.last, "the last area")
    }

    func compareSearches(at page: Int, count: Int) throws {
      let address = VirtualAddress(UInt(page) * 4096)
      let after = areas.first { $0.pointee.end > address }
      try requireEqual(tree.vma(atOrAfter: address), after, "the area at or after page \(page)")
      try requireEqual(
        tree.vma(at: address), after.flatMap { $0.pointee.start <= address ? $0 : nil },
        "the area at page \(page)")
      try requireEqual(
        tree.vma(before: address), areas.last { $0.pointee.end <= address },
        "the area before page \(page)")
      let range = range(page, count)
      try requireEqual(
        tree.vma(in: range), areas.first { $0.pointee.range.overlaps(range) }, "an intersection")
      try compareGaps(ByteCount(UInt(count) * 4096), self.range(page, 300))
    }

    private func compareGaps(_ length: ByteCount, _ limits: VirtualRange) throws {
      var gaps: [VirtualRange] = []
      var start = limits.start
      for area in areas where area.pointee.range.overlaps(limits) {
        if area.pointee.start > start { gaps.append(VirtualRange(start, area.pointee.start)) }
        start = max(start, area.pointee.end)
      }
      if start < limits.end { gaps.append(VirtualRange(start, limits.end)) }
      let large = gaps.filter { $0.count >= length }
      try requireEqual(tree.lowestGap(of: length, in: limits), large.first, "the lowest gap")
      try requireEqual(tree.highestGap(of: length, in: limits), large.last, "the highest gap")
    }
  }

  @Test("tree, list, gaps and searches agree with a sorted array after any history")
  func histories() {
    checkHistories(count: 10, length: 300) { random in
      switch random.next(in: 0..<6) {
      case 0..<3: Step.insert(random.next(in: 0..<1000), count: random.next(in: 1..<12))
      case 3: Step.resize(random.next(in: 0..<500), by: random.next(in: 0..<9) - 4)
      default: Step.remove(random.next(in: 0..<500))
      }
    } run: { steps in
      let trial = try Trial()
      for (index, step) in steps.enumerated() {
        try trial.run(step)
        try trial.check()
        try trial.compareSearches(at: (index * 37) % 1000, count: index % 9 + 1)
      }
    }
  }

  @Test("the depth of a tree of 100,000 areas is that of a red-black tree")
  func depth() throws {
    let laboratory = try Laboratory(frames: 16384)
    var tree = VMATree()
    let count: UInt = 100_000
    for index in 0..<count {
      let start = VirtualAddress(index * 8192)
      tree.insert(
        try laboratory.services.pointee.vmas.allocate(
          VMA(range: VirtualRange(start, count: ByteCount(4096)), flags: .read, pageOffset: 0)))
    }
    tree.checkInvariants()
    #expect(tree.count == Int(count))
    #expect(tree.depth <= 2 * 17 + 2)
    #expect(tree.vma(at: VirtualAddress(99_999 * 8192)) == tree.last)
    let before = tree.vma(before: VirtualAddress(50_000 * 8192))
    #expect(before?.pointee.start == VirtualAddress(49_999 * 8192))
  }
}
