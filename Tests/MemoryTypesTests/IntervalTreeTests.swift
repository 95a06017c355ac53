import MemoryTypes
import TestSupport
import Testing

struct Interval: ~Copyable {
  var start: UInt
  var last: UInt
  var link = IntervalLink<Interval>()

  init(_ start: UInt, through last: UInt) {
    self.start = start
    self.last = last
  }
}

enum Intervals: IntervalLinking {
  static func link(of interval: Ref<Interval>) -> Ref<IntervalLink<Interval>> {
    unsafe Ref(&interval.pointee.link)
  }
  static func start(of interval: Ref<Interval>) -> UInt { interval.pointee.start }
  static func last(of interval: Ref<Interval>) -> UInt { interval.pointee.last }
}

@Suite("IntervalTree")
struct IntervalTreeTests {
  enum Operation {
    case insert(UInt, through: UInt)
    case remove(at: Int)
    case query(UInt, through: UInt)
  }

  @Test(
    "the overlaps are those a scan finds, through any history", arguments: [10, 100, 1_000_000])
  func history(span: Int) {
    checkHistories(generate: { Self.operation(&$0, span: span) }, run: Self.run)
  }

  private static func operation(_ generator: inout SeededGenerator, span: Int) -> Operation {
    let length = generator.next(in: 0..<(generator.chance(oneIn: 5) ? span : max(1, span / 10)))
    let base = generator.chance(oneIn: 4) ? UInt.max - UInt(2 * span) : 0
    let start = base + UInt(generator.next(in: 0..<span))
    let last = start + UInt(length)
    return switch generator.next(in: 0..<4) {
    case 0, 1: .insert(start, through: last)
    case 2: .remove(at: generator.next(in: 0..<1000))
    default: .query(start, through: last)
    }
  }

  private static func run(_ history: [Operation]) throws {
    let arena = Arena()
    var tree = IntervalTree<Intervals>()
    var model: [Ref<Interval>] = []
    for operation in history {
      switch operation {
      case .insert(let start, let last):
        let interval = arena.make(Interval(start, through: last))
        tree.insert(interval)
        model.insert(
          interval, at: model.firstIndex { $0.pointee.start > start } ?? model.count)
      case .remove(let place):
        guard !model.isEmpty else { continue }
        let interval = model.remove(at: place % model.count)
        tree.remove(interval)
        arena.free(interval)
      case .query(let start, let last):
        try requireEqual(
          overlaps(tree, start, last),
          model.filter { $0.pointee.start <= last && start <= $0.pointee.last }, "\(operation)")
      }
      tree.checkInvariants()
      try requireEqual(tree.count, model.count, "count after \(operation)")
    }
  }

  private static func overlaps(
    _ tree: IntervalTree<Intervals>, _ start: UInt, _ last: UInt
  ) -> [Ref<Interval>] {
    var found: [Ref<Interval>] = []
    tree.forEachOverlap(start, through: last) { found.append($0) }
    return found
  }

  @Test("an empty tree overlaps nothing")
  func empty() {
    let tree = IntervalTree<Intervals>()
    tree.checkInvariants()
    #expect(tree.isEmpty && tree.firstOverlap(0, through: .max) == nil)
  }

  @Test("bounds are inclusive: intervals that touch do not overlap, those that share a point do")
  func bounds() {
    let arena = Arena()
    var tree = IntervalTree<Intervals>()
    let interval = arena.make(Interval(10, through: 19))
    tree.insert(interval)
    #expect(tree.firstOverlap(0, through: 9) == nil)
    #expect(tree.firstOverlap(0, through: 10) == interval)
    #expect(tree.firstOverlap(19, through: 30) == interval)
    #expect(tree.firstOverlap(20, through: 30) == nil)
  }

  @Test("an interval reaches the first and the last word")
  func extremes() {
    let arena = Arena()
    var tree = IntervalTree<Intervals>()
    let all = arena.make(Interval(0, through: .max))
    let end = arena.make(Interval(.max, through: .max))
    tree.insert(end)
    tree.insert(all)
    tree.checkInvariants()
    #expect(Self.overlaps(tree, 0, 0) == [all])
    #expect(Self.overlaps(tree, .max, .max) == [all, end])
  }
}
