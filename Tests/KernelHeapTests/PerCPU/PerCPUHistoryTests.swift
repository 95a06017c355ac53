import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Random histories beside a model that remembers every area.
struct PerCPUHistoryTests {
  enum Step {
    case allocate(size: UInt, alignment: UInt, waits: Bool)
    case free(Int)
    case balance
    case failNextFrame(UInt32)
  }

  @Test("areas never overlap, are aligned and cleared, and all come back")
  func histories() {
    checkHistories(count: 12, length: 400, generate: Self.step) { history in
      let lab = try PerCPULaboratory()
      var model = PerCPUModel(lab)
      for step in history {
        try model.run(step)
        lab.allocator.pointee.checkInvariants()
      }
      try model.freeAll()
      try lab.end()
    }
  }

  private static func step(_ generator: inout SeededGenerator) -> Step {
    switch generator.next(below: 20) {
    case 0: return .balance
    case 1: return .failNextFrame(generator.next(below: 4) + 1)
    case 2...11:
      let limit: UInt32 = generator.chance(oneIn: 4) ? 12_000 : 300
      let alignments: [UInt] = [1, 4, 8, 8, 8, 64, 512, 4096]
      return .allocate(
        size: UInt(generator.next(below: limit)) + 1,
        alignment: generator.element(of: alignments), waits: generator.next(below: 3) > 0)
    default: return .free(generator.next(in: 0..<1000))
    }
  }
}

private struct PerCPUModel {
  struct Area {
    let address: PerCPUAddress
    let size: UInt
    let mark: UInt8
  }

  let lab: PerCPULaboratory
  var areas: [Area] = []
  var mark: UInt8 = 0

  init(_ lab: PerCPULaboratory) { self.lab = lab }

  mutating func run(_ step: PerCPUHistoryTests.Step) throws {
    switch step {
    case .allocate(let size, let alignment, let waits):
      try allocate(size, alignment, waits ? .kernel : .atomic)
    case .free(let draw):
      guard !areas.isEmpty else { return }
      try free(areas.remove(at: draw % areas.count))
    case .balance: lab.allocator.pointee.balance()
    case .failNextFrame(let n): lab.machine.pages.pointee.faultPlan = .failing(nth: n)
    }
  }

  mutating func freeAll() throws {
    while let area = areas.popLast() { try free(area) }
  }

  private mutating func allocate(
    _ size: UInt, _ alignment: UInt, _ flags: AllocationFlags
  ) throws {
    let allocator = lab.allocator
    guard
      let address = try? allocator.pointee.allocate(
        ByteCount(size), alignment: ByteCount(alignment), flags: flags)
    else { return }
    try requireEqual(address.rawValue % alignment, 0, "alignment")
    try requireEqual(
      allocator.pointee.size(of: address).rawValue, (size + 3) & ~3, "size of an area")
    mark &+= 1
    for n in 0..<3 {
      let bytes = unsafe allocator.pointee.pointer(to: address, of: n)
      for offset in 0..<Int(size) {
        guard unsafe bytes.load(fromByteOffset: offset, as: UInt8.self) == 0 else {
          throw Difference("an area was not cleared")
        }
      }
      unsafe bytes.initializeMemory(
        as: UInt8.self, repeating: mark &+ UInt8(n), count: Int(size))
    }
    areas.append(Area(address: address, size: size, mark: mark))
  }

  private func free(_ area: Area) throws {
    for n in 0..<3 {
      let bytes = unsafe lab.allocator.pointee.pointer(to: area.address, of: n)
      for offset in 0..<Int(area.size) {
        let byte = unsafe bytes.load(fromByteOffset: offset, as: UInt8.self)
        try requireEqual(byte, area.mark &+ UInt8(n), "a byte of an area")
      }
    }
    lab.allocator.pointee.free(area.address)
  }
}
