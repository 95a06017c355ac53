import MemoryTypes
import TestSupport
import Testing

@Suite("Bitmap")
struct BitmapTests {
  enum Operation {
    case set(Int)
    case clear(Int)
    case toggle(Int)
    case setRange(Range<Int>)
    case clearRange(Range<Int>)
    case search(from: Int)
    case area(length: Int, from: Int, alignment: Int, offset: Int)
  }

  @Test(
    "a bitmap does what an array of flags does through any history",
    arguments: [1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300])
  func history(count: Int) {
    checkHistories(
      length: 200, generate: { Self.operation(&$0, count: count) },
      run: { try Self.run($0, count: count) })
  }

  private static func operation(_ generator: inout SeededGenerator, count: Int) -> Operation {
    let bit = generator.next(in: 0..<count)
    let end = generator.next(in: bit..<count + 1)
    return switch generator.next(in: 0..<10) {
    case 0, 1: .set(bit)
    case 2: .clear(bit)
    case 3: .toggle(bit)
    case 4: .setRange(bit..<end)
    case 5: .clearRange(bit..<end)
    case 6, 7: .search(from: generator.next(in: 0..<count + 70))
    default:
      .area(
        length: generator.next(in: 1..<12), from: bit,
        alignment: 1 << generator.next(in: 0..<8), offset: generator.next(in: 0..<200))
    }
  }

  private static func run(_ history: [Operation], count: Int) throws {
    let arena = Arena()
    let bitmap = unsafe Bitmap(arena.words(Bitmap.wordCount(for: count)), count: count)
    var model = [Bool](repeating: false, count: count)
    for operation in history {
      try apply(operation, to: bitmap, &model)
      bitmap.checkInvariants()
      try requireEqual((0..<count).map { bitmap.contains($0) }, model, "bits after \(operation)")
      try requireEqual(bitmap.setCount, model.filter { $0 }.count, "count after \(operation)")
    }
  }

  private static func apply(
    _ operation: Operation, to bitmap: Bitmap, _ model: inout [Bool]
  ) throws {
    switch operation {
    case .set(let bit):
      bitmap.set(bit)
      model[bit] = true
    case .clear(let bit):
      bitmap.clear(bit)
      model[bit] = false
    case .toggle(let bit):
      model[bit].toggle()
      try requireEqual(bitmap.toggle(bit), model[bit], "\(operation)")
    case .setRange(let bits):
      bitmap.set(bits)
      for bit in bits { model[bit] = true }
    case .clearRange(let bits):
      bitmap.clear(bits)
      for bit in bits { model[bit] = false }
    case .search(let start):
      try search(from: start, bitmap, model)
    case .area(let length, let start, let alignment, let offset):
      let place = model.indices.first { place in
        place >= start && (place + offset) % alignment == 0 && place + length <= model.count
          && !model[place..<place + length].contains(true)
      }
      try requireEqual(
        bitmap.firstClearArea(of: length, from: start, alignedTo: alignment, offset: offset),
        place, "\(operation)")
    }
  }

  private static func search(from start: Int, _ bitmap: Bitmap, _ model: [Bool]) throws {
    try requireEqual(
      bitmap.firstSet(from: start), model.indices.first { $0 >= start && model[$0] }, "first set")
    try requireEqual(
      bitmap.firstClear(from: start), model.indices.first { $0 >= start && !model[$0] },
      "first clear")
    try requireEqual(
      bitmap.lastSet(before: start), model.indices.last { $0 < start && model[$0] }, "last set")
    let end = min(start, model.count)
    try requireEqual(
      bitmap.setCount(in: end / 2..<end), model[end / 2..<end].filter { $0 }.count, "count")
  }

  @Test("a bitmap of no bits has nothing to find")
  func empty() {
    let arena = Arena()
    let bitmap = unsafe Bitmap(arena.words(0), count: 0)
    bitmap.checkInvariants()
    #expect(bitmap.firstSet() == nil && bitmap.firstClear() == nil && bitmap.lastSet() == nil)
    #expect(bitmap.firstClearArea(of: 1) == nil && bitmap.setCount == 0)
    bitmap.set(0..<0)
  }

  @Test("words given full of ones lose the bits behind the end, and only those", arguments: 1...130)
  func tail(count: Int) {
    let arena = Arena()
    let bitmap = unsafe Bitmap(
      arena.words(Bitmap.wordCount(for: count), each: .max), count: count)
    bitmap.checkInvariants()
    #expect(bitmap.setCount == count)
    #expect(bitmap.firstClear() == nil && bitmap.lastSet() == count - 1)
  }

  @Test("an area as long as the bitmap is found only when all bits are clear")
  func wholeArea() {
    let arena = Arena()
    let bitmap = unsafe Bitmap(arena.words(3), count: 150)
    #expect(bitmap.firstClearArea(of: 150) == 0)
    #expect(bitmap.firstClearArea(of: 151) == nil)
    #expect(bitmap.firstClearArea(of: .max, from: 149, alignedTo: 1 << 40) == nil)
    bitmap.set(149)
    #expect(bitmap.firstClearArea(of: 150) == nil)
    #expect(bitmap.firstClearArea(of: 149) == 0)
  }

  @Test("a bit outside of the bitmap traps", arguments: [-1, 64])
  func outside(bit: Int) async {
    await #expect(processExitsWith: .failure) { [bit] in
      let arena = Arena()
      unsafe Bitmap(arena.words(1), count: 64).set(bit)
    }
  }
}
